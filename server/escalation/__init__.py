"""A leak that nobody accepts becomes louder until a human takes it: the ladder's rows, and the auditor over them."""
