"""easily-fooled: images bred until deep networks are certain of them, and measured.

The package reads from top to bottom; a file imports only from those above it:
paper, profiles, images, datasets, photographs, runs, networks, encodings, evolution, comparison; then the experiments
certainty, features, training_size, repetition, transfer, retraining, gradient_ascent, detectors; then findings,
figures, explorer, audit, pipeline.
"""

import os

# TensorFlow writes start-up notes to standard error, which would end up in every executed notebook.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

__version__ = "0.1.0"
