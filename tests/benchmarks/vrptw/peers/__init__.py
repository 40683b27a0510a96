"""The peers, each in a module of its own: one that is not installed takes no other with it."""
