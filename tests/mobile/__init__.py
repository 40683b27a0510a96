"""The phone without its screens, on real SQLite files and real HTTP."""
