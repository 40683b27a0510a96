"""Replay of a real working day: Boston's service requests with New York's gas leaks on top, dispatched by routing."""
