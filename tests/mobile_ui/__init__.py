"""The phone's screens in a real Kivy window, driven by touches."""
