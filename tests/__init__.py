"""Tests mirror the tree of packages."""
