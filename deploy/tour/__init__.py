"""A look at every page and state: how each is reached, its picture, and what a ruler finds wrong with it."""
