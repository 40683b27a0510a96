"""The technician's phone: works offline, keeps every fact, never plans routes."""
