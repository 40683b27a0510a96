"""Power cuts: SIGKILL for server, worker, phone, Redis or PostgreSQL in the middle of work, and a count of the harm."""
