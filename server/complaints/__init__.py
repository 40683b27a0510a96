"""Complaints: who is responsible, two clocks, and rounds until the customer is satisfied (CO-01 to CO-18)."""
