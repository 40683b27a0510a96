"""Tries to close leaks without evidence: random sequences over the shared rules, and a sample over the server."""
