"""What keeping a 1,000-class run costs: the seconds that a checkpoint takes, beside those between two of them."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
import tensorflow as tf

from fooling.evolution import evolve
from fooling.evolution.kept import pack_state
from peers.generations import ENCODINGS, GROWN, Timed, build_cheap_network, find_target, grow, start

SHAPE, CLASSES, CHILDREN, GENERATIONS, ROUNDS = (227, 227, 3), 1_000, 400, 20, 5
AIM = 0.02


def main() -> None:
    """Print a line for each encoding."""
    for name, encoding in ENCODINGS.items():
        timed = Timed(build_cheap_network(SHAPE, CLASSES), encoding(SHAPE), CHILDREN, 1, GROWN if name == "CPPN" else 0)
        with TemporaryDirectory() as folder:
            setup = evolve.Setup(find_target(timed), timed.encoding, GENERATIONS, CHILDREN, Path(folder))
            run = evolve.open_block(setup, (0,))
            assert run is not None
            state, history = evolve.compile_advance(setup, 1)(start(timed), tf.constant(GENERATIONS))
            every = grow(timed.encoding, CLASSES, 1, timed.mutations)  # as late as it gets: each cell has its own image
            state = state._replace(genomes=every, places=tf.range(CLASSES)[None])
            takeovers = evolve.find_takeovers(history, np.full((1, CLASSES), -1, np.int32))
            taken = []
            for _ in range(ROUNDS):
                began = time.monotonic()
                arrays = {part: np.asarray(array) for part, array in pack_state(state, takeovers).items()}
                run.save_checkpoint(GENERATIONS, arrays, 0.0)
                taken.append(time.monotonic() - began)
            kept = sum(file.stat().st_size for file in run.path.glob("checkpoint-*"))
        pause = max(evolve.CHECKPOINT_SECONDS, median(taken) / evolve.CHECKPOINT_SHARE)
        share = median(taken) / pause
        print(
            f"{name:7} {kept / 1e6:6.1f} MB in {median(taken):.3f} s, every {pause:.0f} s at least: {share:.2%} "
            f"(at most {AIM:.0%}: {'met' if share <= AIM else 'missed'})"
        )


if __name__ == "__main__":
    main()
