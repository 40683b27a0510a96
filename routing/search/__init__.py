"""The planner's search: ruin and recreate over flat arrays, compiled where numba is installed."""
