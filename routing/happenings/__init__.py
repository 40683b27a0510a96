"""What can happen on a day, each a named event: the changed problem, the plan after it, and what has to be done."""
