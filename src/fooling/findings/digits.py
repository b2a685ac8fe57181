"""The numbers that a page about digits reduces its runs to, as JSON: what :mod:`fooling.paper.digits` reads."""

from __future__ import annotations

from typing import Any

import numpy as np

from fooling import paper
from fooling.findings.searches import describe_size, spread_of_runs, to_confidence


def summarise_evolution(history: np.ndarray, baseline: np.ndarray, children: int, data: str) -> dict[str, Any]:
    """Reduce evolved runs to the numbers that the claims about digits are judged by.

    Args:
        history: ``(runs, generations + 1, classes) float32`` log-odds.
        baseline: The same for random search.
        children: Children per generation.
        data: What the network was trained on, in words.

    Returns:
        JSON: the final median over runs and classes, that of the baseline, the lowest and highest median of a run, the
        lowest champion, the number of runs with every class at 99.99% before generation 50 and at the end, the scale.
    """
    confidence = to_confidence(history)
    final = confidence[:, -1]
    cells, generations = history.shape[2], history.shape[1] - 1
    certain = np.all(confidence >= paper.NEAR_CERTAIN, axis=2)  # (runs, generations + 1)
    return {
        "median": float(np.median(final)),
        "baseline_median": float(np.median(to_confidence(baseline[:, -1]))),
        "run_medians": spread_of_runs(final),
        "lowest": float(final.min()),
        "runs_certain_before_50": int(certain[:, :50].any(axis=1).sum()),
        "runs_certain": int(certain[:, -1].sum()),
        "runs": history.shape[0],
        "classes": cells,
        "generations": generations,
        "children": children,
        "data": data,
        "scale": f"{describe_size(len(final), cells, generations, children)}; network trained on {data}",
    }
