"""The address search."""
