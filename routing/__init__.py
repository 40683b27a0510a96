"""Pure planning: a Problem in, a Plan out. The only package that knows OR-Tools."""
