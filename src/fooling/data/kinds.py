"""Which classes of ImageNet are related: how far they are apart in WordNet, which ImageNet's classes are nouns of."""

from __future__ import annotations

from functools import cache

import numpy as np

from fooling.data.digits import DATA
from fooling.data.photographs import read_labels

FILE = DATA / "imagenet-kinds.tsv"  # made from WordNet 3.0; data/README.md says how


@cache
def measure_distances() -> np.ndarray:
    """Return how many steps two classes are apart: up to the nearest thing that both are kinds of, and down again.

    It is ``(1000, 1000) int16``, symmetric, 0 on the diagonal. Agama and frilled lizard, both agamids, are 2 steps
    apart; agama and green lizard, both lizards, are 4; where one class is a kind of the other, it may be 1.
    """
    from scipy.sparse import csr_array  # slow to import
    from scipy.sparse.csgraph import shortest_path

    lines = [line.split("\t") for line in FILE.read_text().splitlines() if not line.startswith("#")]
    places = {noun: place for place, (noun, *_) in enumerate(lines)}
    steps = [(places[noun], places[kind]) for noun, kinds, _ in lines for kind in kinds.split()]
    graph = csr_array((np.ones(len(steps)), np.transpose(steps)), shape=(len(lines), len(lines)))
    labels = read_labels("imagenet21k_to_1k.json")
    classes = [places[name.removeprefix("n")] for name in sorted(labels, key=labels.__getitem__)]
    up = shortest_path(graph, unweighted=True, indices=classes)  # (1000, nouns), infinite where it is no kind of that
    apart = np.full((len(classes), len(classes)), np.inf)
    for steps_up in up.T:  # to one noun, of which some classes are kinds
        kinds = np.flatnonzero(np.isfinite(steps_up))
        pairs = np.ix_(kinds, kinds)
        apart[pairs] = np.minimum(apart[pairs], np.add.outer(steps_up[kinds], steps_up[kinds]))
    return apart.astype(np.int16)
