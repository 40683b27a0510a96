"""The hotline's intake: safety questions first, then who and where; and the import of orders from files."""
