"""Small widgets of our own: they take data and emit events, and know neither store nor network."""
