"""The work order: opened, triaged, moved by the shared state machine, timed by SLA clocks."""
