"""Phones that must prove their channel, and phones that were lost: test pushes, lock, wipe, sealed evidence."""
