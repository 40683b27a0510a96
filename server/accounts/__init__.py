"""Branches, people who sign in, technicians with skills and shifts, devices and their enrolment."""
