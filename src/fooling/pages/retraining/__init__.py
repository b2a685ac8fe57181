"""Page 11: networks learn a fooling class, and images evolve against them again."""
