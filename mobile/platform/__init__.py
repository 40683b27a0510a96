"""What the phone asks of its machine: time, chance, keys, files of texts and protocols."""
