"""The rows of ``benchmarks/compare.py``: this project beside the network's own speed and beside other packages."""

import fooling  # noqa: F401  # sets TensorFlow's environment, before any row imports TensorFlow
