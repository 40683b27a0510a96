"""Tests of set-up, the generated town and the demo."""
