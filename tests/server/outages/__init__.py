"""Areas on the map."""
