"""What a Dask cluster costs: a block of runs on one worker of this machine against the same block without a cluster.

Both sides alternate, on equal cores; a worker has to start its graph anew, as on a cluster, before it is timed.
"""

from __future__ import annotations

import argparse
import time
from statistics import median
from typing import Any

from distributed import Client, LocalCluster

from fooling.data.digits import DIGITS
from fooling.encodings.cppn import CppnEncoding
from fooling.evolution.evolve import evolve
from fooling.networks import lenet
from fooling.networks.classifier import Classifier

AIM = 1.05


def time_search(classifier: Classifier, generations: int, client: Client | None) -> float:
    """Return the seconds of one block of ten runs."""
    sizes: dict[str, Any] = {"generations": generations, "children": 200, "seeds": range(10)}
    began = time.monotonic()
    evolve(classifier, CppnEncoding((28, 28, 1)), **sizes, client=client)
    return time.monotonic() - began


def main() -> None:
    """Print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--generations", type=int, default=500, help="of the block; 500 are about a minute")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    classifier = Classifier(lenet.build_lenet(0), DIGITS, "LeNet", lenet.INPUT_RANGE)
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as local, Client(local) as client:
        for where in (client, None):
            time_search(classifier, 10, where)
        pairs = [
            (time_search(classifier, given.generations, client), time_search(classifier, given.generations, None))
            for _ in range(given.rounds)
        ]
    ratios = [there / here for there, here in pairs]
    for there, here in pairs:
        print(f"on the cluster {there:6.1f} s, here {here:6.1f} s, ratio {there / here:.3f}")
    print(f"median ratio {median(ratios):.3f}; the aim is at most {AIM}")


if __name__ == "__main__":
    main()
