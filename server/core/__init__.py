"""What every slice stands on: settings, database, unit of work, journal, relay, registry."""
