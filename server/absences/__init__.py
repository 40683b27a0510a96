"""Technicians who are not there although their shift runs: ill, vehicle broken down, or for another reason."""
