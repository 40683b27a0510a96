"""Storm mode of a branch: who is kept free for leaks still to come, what waits meanwhile, whom to call in."""
