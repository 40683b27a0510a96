"""Broken builds of the server: a test that cannot fail on them proves nothing."""
