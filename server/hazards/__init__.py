"""Hazards: findings told in writing at once with the order that puts them right; grades of leaks."""
