"""The dispatcher's read model: rows of orders and technicians, one order in detail, and the desk's commands."""
