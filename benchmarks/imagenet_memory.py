"""Peak memory of one run over all 1000 classes of ImageNet: pixels or CPPNs on SqueezeNet.

    python benchmarks/imagenet_memory.py direct 200 400
    python benchmarks/imagenet_memory.py cppn 400 200

Arguments: encoding, children a generation, generations. Run each in a process of its own: the peak is the process's.
"""

from __future__ import annotations

import resource
import sys
import time
from tempfile import TemporaryDirectory

import numpy as np

from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolve import evolve
from fooling.networks.imagenet import load_network

ENCODINGS = {"direct": DirectEncoding, "cppn": CppnEncoding}


def main() -> None:
    """Print the peak, and how many different images the cells hold at the end."""
    name, children, generations = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    classifier = load_network()
    encoding = ENCODINGS[name](classifier.image_shape)
    started = time.monotonic()
    with TemporaryDirectory() as folder:
        run = evolve(classifier, encoding, generations=generations, children=children, seeds=[0], folder=folder)
    seconds = time.monotonic() - started
    unit = 1 if sys.platform == "darwin" else 1024  # bytes
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9
    print(
        f"{name}: {generations * children:,} images in {seconds:,.0f} s, {len(np.unique(run.places))} different images "
        f"in 1000 cells, peak {peak:.2f} GB"
    )


if __name__ == "__main__":
    main()
