"""Vehicle routing with time windows: the planner's search beside PyVRP, VROOM and OR-Tools."""
