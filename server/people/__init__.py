"""The administrator's pages: who works here, with what, when; and the facts that nobody could read."""
