"""Tests of the events of a day."""
