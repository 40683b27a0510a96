"""What customers have to be told: a promise moves only with a message, and the message is a row until it was told."""
