"""Tests of being ready for what nobody has reported yet."""
