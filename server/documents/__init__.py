"""Paper of a visit: the customer's copy, its slips and notices as PDF, certified once, and how they reach somebody."""
