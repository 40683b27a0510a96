"""How Leakfirst is installed, run, shown and tested; each program is run by module: `python -m deploy.<name>`."""
