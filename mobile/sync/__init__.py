"""Events up, changes down: one call, repeated until it succeeds; sockets only ring."""
