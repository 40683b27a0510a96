"""Promises to customers beside the visit: an answer by a time, and every change of what was promised."""
