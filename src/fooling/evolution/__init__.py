"""MAP-Elites: one cell per class, many runs at once."""
