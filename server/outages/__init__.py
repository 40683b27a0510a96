"""Areas on the map: where gas is off, planned or not, and whose service area a place is in."""
