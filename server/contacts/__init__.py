"""Contacts: every call and letter as it came (IN-01): class, channel, how soon it was answered, what came of it."""
