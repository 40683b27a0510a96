"""Visits: field evidence, append-only; the signed record; the customer's copy."""
