"""Tests of the rules that server and phone share."""
