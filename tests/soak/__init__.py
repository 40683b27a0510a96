"""Endurance measurements; `python -m tests.soak` runs those of programme.toml one after another, resumable."""
