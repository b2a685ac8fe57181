"""Page 10: images before networks that they did not evolve on, and before three at once."""
