"""The base map: made of a city file, offered to the console."""
