"""Call-backs within seven days after closing (CO-17, CB-03)."""
