"""Page 10: images before networks that they did not evolve on, and before three at once.

A file imports only from those above it: sizes; pairs; transfer_claim, ensemble_claim, figures, examples; showing, the
only one that imports TensorFlow.
"""
