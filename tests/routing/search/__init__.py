"""Tests of routing.search."""
