"""Providers of travel times that need data or I/O; what they answer is handed to the planner (decision 15)."""
