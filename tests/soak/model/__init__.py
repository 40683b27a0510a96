"""A company that anything may happen to, step by step, and the laws that hold after every step."""
