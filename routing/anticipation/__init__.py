"""Being ready for leaks nobody has reported yet: durations, forecast, coverage, reserve; pure functions on arrays."""
