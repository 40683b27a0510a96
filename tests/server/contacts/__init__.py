"""The hotline's contacts, complaints, windows and remote addresses through its public doors."""
