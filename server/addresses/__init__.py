"""Finding an address from what a caller says: local index first, confirmed on the map (IN-11)."""
