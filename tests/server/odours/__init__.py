"""Joined odour reports."""
