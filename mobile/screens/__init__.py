"""The technician's screens: each shows the store and gives commands; none knows network or SQL."""
