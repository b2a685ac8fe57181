"""From histories to metrics, verdicts and tables."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from fooling import findings, paper


def log_odds(confidence: float) -> float:
    """Return the log-odds of a confidence."""
    return float(np.log(confidence / (1 - confidence)))


@pytest.fixture
def history() -> np.ndarray:
    """Two runs of 60 generations and two classes: the first run is certain from 40 on, the second from 55 on."""
    drawn = np.full((2, 61, 2), log_odds(0.5), np.float32)
    drawn[0, 40:] = log_odds(0.99995)
    drawn[1, 55:] = log_odds(0.99991)
    drawn[1, 10:, 0] = log_odds(0.99995)
    return drawn


def test_summary_counts_runs_in_which_every_class_is_certain(history: np.ndarray) -> None:
    summary = findings.summarise_evolution(history, np.zeros_like(history), children=7, data="4,000 digits")
    assert (summary["runs_certain_before_50"], summary["runs_certain"]) == (1, 2)
    assert (summary["runs"], summary["generations"], summary["classes"], summary["children"]) == (2, 60, 2, 7)
    assert summary["median"] == pytest.approx(0.99995, abs=1e-6)
    assert summary["lowest"] == pytest.approx(0.99991, abs=1e-6)
    assert summary["run_medians"] == pytest.approx([0.99993, 0.99995], abs=1e-6)
    assert summary["baseline_median"] == pytest.approx(0.5)


def test_generation_50_itself_is_too_late_for_fewer_than_50_generations(history: np.ndarray) -> None:
    late = np.full_like(history, log_odds(0.5))
    late[:, 50:] = log_odds(0.99995)
    assert findings.summarise_evolution(late, late, 7, "digits")["runs_certain_before_50"] == 0
    late[:, 49:] = log_odds(0.99995)
    assert findings.summarise_evolution(late, late, 7, "digits")["runs_certain_before_50"] == 2


def test_first_generation_is_the_first_at_or_above_and_nan_if_never(history: np.ndarray) -> None:
    first = findings.first_generations(history, 0.9999)
    np.testing.assert_array_equal(first, [[40, 40], [10, 55]])
    assert np.isnan(findings.first_generations(history, 0.99999)).all()


def write_metrics(folder: Path, median: float) -> None:
    """Write metrics of page 03 as the page would."""
    one = {
        "median": median,
        "baseline_median": 0.5,
        "run_medians": [median, median],
        "lowest": median,
        "runs_certain_before_50": 0,
        "runs_certain": 0,
        "runs": 5,
        "classes": 10,
        "generations": 200,
        "children": 200,
        "data": "4,000 digits",
    }
    target = folder / "metrics" / "03_mnist_cppn.json"
    target.parent.mkdir(parents=True)
    target.write_text(json.dumps({"claims": {"mnist-cppn": one}, "runs": []}))


def test_verdict_comes_from_the_largest_published_profile_that_has_the_claim(tmp_path: Path) -> None:
    write_metrics(tmp_path / "published" / "default", 0.5)
    write_metrics(tmp_path / "published" / "extended", 0.99999)
    write_metrics(tmp_path / "paper", 0.1)  # not published
    (found,) = findings.collect(root=tmp_path)
    assert (found.claim_id, found.profile, found.verdict) == ("mnist-cppn", "extended", paper.REPRODUCED)


def test_findings_of_one_profile_are_this_machines(tmp_path: Path) -> None:
    write_metrics(tmp_path / "default", 0.5)
    (found,) = findings.collect("default", tmp_path)
    assert found.verdict == paper.NOT
    assert "50.00%" in found.ours and "5 runs" in found.scale
    assert found.verdict in findings.as_markdown([found]) and found.ours in findings.as_markdown([found])
    assert "not reproduced" in findings.as_text([found])


def test_nothing_measured_gives_no_finding(tmp_path: Path) -> None:
    assert findings.collect("smoke", tmp_path) == ()
    assert "No findings yet" in findings.as_text(())


def test_damaged_metrics_are_named(tmp_path: Path) -> None:
    write_metrics(tmp_path / "default", 0.5)
    (tmp_path / "default" / "metrics" / "03_mnist_cppn.json").write_text('{"claims": ')
    with pytest.raises(ValueError, match=r"03_mnist_cppn\.json is damaged"):
        findings.collect("default", tmp_path)
