"""The map's own layers, served from a folder: nothing comes from outside."""
