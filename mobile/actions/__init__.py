"""The technician's commands: each checks the shared rules and appends one event to the phone's store."""
