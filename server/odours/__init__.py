"""Odour reports joined in space and time: several homes that smell gas at once point to the network, not to a stove."""
