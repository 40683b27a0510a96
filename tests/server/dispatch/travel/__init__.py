"""Tests of the providers of travel times."""
