"""The sync call: a phone's events up, results and changes down (decision 1)."""
