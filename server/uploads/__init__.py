"""Files from the field: received in pieces under their SHA-256, verified whole, kept for good."""
