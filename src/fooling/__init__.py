"""easily-fooled: images bred until deep networks are certain of them, and measured.

Imports go one way, down this list: the command line (``__main__``), ``report``, ``pages`` (one module or small package
for each experiment), ``lab`` (explorer, audit, detectors), ``figures``, and the library, which is all the rest.
"""

import os

# TensorFlow writes start-up notes to standard error, which would end up in every executed notebook.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
# On a GPU take memory as it is needed, since several pages, and others' work, may share the card.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
# A GPU would round float32 to ten bits before it multiplies; here float32 is float32.
os.environ.setdefault("NVIDIA_TF32_OVERRIDE", "0")

__version__ = "0.1.0"
