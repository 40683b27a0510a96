"""The customer signs a record in his own browser; the branch seals it."""
