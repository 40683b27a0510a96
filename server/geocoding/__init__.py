"""Addresses that the local index does not know, looked up by a remote geocoder in the worker."""
