"""Page 10. Do images that fool one network fool another, or three at once?

A file imports only from those above it: sizes; pairs; transfer_claim, ensemble_claim, figures, examples; showing, the
only one that imports TensorFlow.
"""
