"""Tests of the server through its public edges: HTTP, the sync call, sockets, commands, the database itself."""
