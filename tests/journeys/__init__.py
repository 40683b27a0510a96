"""Whole use cases over real processes and real phones without screens."""
