"""Replay of New York's gas calls of 2018: what the emergency rules are worth on real demand."""
