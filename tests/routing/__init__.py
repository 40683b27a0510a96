"""Tests of the planner, through its public functions."""
