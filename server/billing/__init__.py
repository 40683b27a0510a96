"""Billing at the door: prices shown and approved, payments, the day's cash, damage claims."""
