"""The technician's app for Android: what is packed, with which permissions, and from which recipes."""
