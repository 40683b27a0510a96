"""Dispatch: builds the planner's problem, places leaks at once, keeps the day plan, offers the next stop."""
