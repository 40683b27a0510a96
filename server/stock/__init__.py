"""Stock: what each van holds by part and lot, and every movement of it (PA-01, PA-03)."""
