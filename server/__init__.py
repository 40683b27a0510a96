"""The dispatch server: Flask and Socket.IO over an event journal, in feature slices."""
