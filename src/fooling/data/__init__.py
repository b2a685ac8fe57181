"""The data that networks learn from and are tested on: digits and photographs, by name."""
