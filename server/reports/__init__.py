"""Reports and checks over the whole branch."""
