"""Where technicians are, only on duty: newest place, trace, who looked at it, and the purge."""
