"""How long `evolve` takes until its first generation is done, beside another commit, each time in a new process.

`git worktree add /tmp/before COMMIT` makes a folder of the other commit, whose `/tmp/before/src` is the argument.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from statistics import median

ROUNDS = 5
HERE = Path(__file__).resolve().parents[1] / "src"
CHILD = """
import sys, time
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolve import evolve
from fooling.networks import lenet
from fooling.networks.classifier import Classifier
from fooling.networks.imagenet import load_network

name, kind = sys.argv[1:]
if name == "LeNet":
    network = Classifier(lenet.build_lenet(0), tuple("0123456789"), "LeNet", lenet.INPUT_RANGE)
else:
    network = load_network(name)
encoding = {"pixels": DirectEncoding, "CPPN": CppnEncoding}[kind](network.image_shape)
began = time.perf_counter()
evolve(network, encoding, generations=1, children=200, seeds=[0])
print(time.perf_counter() - began)
"""


def main() -> None:
    """Print a line for each network and encoding."""
    sides = {"before": Path(sys.argv[1]).resolve(), "here": HERE}
    for case in (("LeNet", "pixels"), ("LeNet", "CPPN"), ("SqueezeNet", "pixels"), ("SqueezeNet", "CPPN")):
        taken: dict[str, list[float]] = {side: [] for side in sides}
        for _ in range(ROUNDS):
            for side, source in sides.items():
                taken[side].append(measure(source, *case))
        ratios = [one / other for one, other in zip(taken["here"], taken["before"], strict=True)]
        seconds = ", ".join(f"{side} {median(part):.2f} s" for side, part in taken.items())
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"{', '.join(case)}: {seconds}; ratio {median(ratios):.2f} ({spread})", flush=True)


def measure(source: Path, network: str, kind: str) -> float:
    """Return the seconds that a run takes in a new process, from the call of `evolve` on."""
    child = [sys.executable, "-c", CHILD, network, kind]
    told = subprocess.run(child, env=os.environ | {"PYTHONPATH": str(source)}, capture_output=True, check=True)
    return float(told.stdout.split()[-1])


if __name__ == "__main__":
    main()
