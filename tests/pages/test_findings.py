"""From histories to metrics, verdicts and tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from fooling.pages import comparison, findings, paper


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
    assert summary["scale"] == "2 runs × 2 classes, 60 generations × 7 children; network trained on 4,000 digits"


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


class Searched(NamedTuple):
    """A finished search, as far as summaries read it."""

    history: np.ndarray
    classes: tuple[int, ...]
    children: int = 10

    @property
    def log_odds(self) -> np.ndarray:
        return self.history[:, -1]

    @property
    def generations(self) -> int:
        return self.history.shape[1] - 1


def search(confidences: Any, generations: int = 4, children: int = 10, classes: tuple[int, ...] = ()) -> Searched:
    """Return a search that rises to ``(runs, cells)`` confidences in its last generation, from a hundredth of them."""
    final = np.asarray(confidences, np.float64)
    history = np.repeat(final[:, None] / 100, generations + 1, axis=1)
    history[:, -1] = final
    log_odds = np.log(history / (1 - history)).astype(np.float32)
    return Searched(log_odds, classes or tuple(range(final.shape[1])), children)


NOISE = search(np.full((1, 4), 0.02))
FOUND = [[0.995, 0.992, 0.2, 0.4], [0.997, 0.986, 0.989, 0.5], [0.999, 0.991, 0.9899, 0.6]]


def test_summary_of_a_search_counts_classes_whose_median_over_runs_is_fooled() -> None:
    summary = findings.summarise_search(search(FOUND), NOISE, "EfficientNet-Lite0")
    assert summary["fooled"] == 2  # the second is below 99% in one run only, the third in all
    assert summary["median"] == pytest.approx(np.median(FOUND), abs=1e-6)
    assert summary["run_medians"] == pytest.approx([0.696, 0.99045], abs=1e-6)
    assert summary["baseline_median"] == pytest.approx(0.02, abs=1e-6)
    assert [summary[name] for name in ("runs", "classes", "generations", "children")] == [3, 4, 4, 10]
    assert (summary["per_cell"], summary["network"]) == (10.0, "EfficientNet-Lite0")
    assert summary["scale"] == "3 runs × 4 classes, 4 generations × 10 children; EfficientNet-Lite0, one crop"
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_a_cell_that_stayed_empty_is_a_confidence_of_nothing() -> None:
    empty = search(FOUND)
    empty.history[:, :, 3] = -np.inf
    summary = findings.summarise_search(empty, NOISE, "EfficientNet-Lite0", "ten")
    assert (summary["fooled"], summary["median"]) == (2, pytest.approx((0.989 + 0.9899) / 2, abs=1e-6))
    assert summary["scale"].endswith("; EfficientNet-Lite0, ten crops")
    assert json.dumps(summary, allow_nan=False)


def test_a_baseline_of_another_size_or_of_other_classes_is_refused() -> None:
    with pytest.raises(ValueError, match="bred 40 images a run and its baseline 50"):
        findings.summarise_search(search(FOUND), search(np.full((1, 4), 0.02), generations=5), "network")
    with pytest.raises(ValueError, match="different classes"):
        findings.summarise_search(search(FOUND), NOISE._replace(classes=(4, 5, 6, 7)), "network")


def test_cppns_are_compared_with_pixels_at_equal_children_per_cell() -> None:
    pixels = search(np.full((2, 4), 0.9), generations=9, children=5)  # as many children after generation 8 as CPPNs
    summary = findings.summarise_cppn(search(FOUND), pixels, NOISE, "EfficientNet-Lite0")
    assert summary["direct_median"] == pytest.approx(0.009, abs=1e-6)  # not the .9 of generation 9
    assert (summary["classes_ahead"], summary["superiority"], summary["dogs_and_cats"]) == (4, 1.0, None)
    ends = search(np.full((2, 4), 0.9), generations=8, children=5)
    summary = findings.summarise_cppn(search(FOUND), ends, NOISE, "EfficientNet-Lite0")
    assert summary["direct_median"] == pytest.approx(0.9, abs=1e-6)
    assert (summary["classes_ahead"], summary["superiority"]) == (3, 0.75)
    assert summary["p"] == comparison.compare_classes(FOUND, np.full((2, 4), 0.9)).p
    assert summary | findings.summarise_search(search(FOUND), NOISE, "EfficientNet-Lite0") == summary
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_pixels_get_a_whole_generation_more_where_children_do_not_divide() -> None:
    pixels = search(np.full((1, 4), 0.9), generations=6, children=7)  # 40 children are 5.7 generations
    assert findings.summarise_cppn(search(FOUND), pixels, NOISE, "n")["direct_median"] == pytest.approx(0.9, abs=1e-6)


def test_too_short_a_search_with_pixels_is_refused_and_so_are_other_classes() -> None:
    with pytest.raises(ValueError, match="3 generations of 10, but 4 are"):
        findings.summarise_cppn(search(FOUND), search(FOUND, generations=3), NOISE, "network")
    with pytest.raises(ValueError, match="with pixels are of different classes"):
        findings.summarise_cppn(search(FOUND), search(FOUND, classes=(4, 5, 6, 7)), NOISE, "network")


def test_dogs_and_cats_are_told_apart_where_all_classes_evolved() -> None:
    confidences = np.full((2, 1000), 0.8)
    confidences[:, 156:287] = 0.3
    order = tuple(range(999, -1, -1))  # cells need not stand in the order of classes
    run = search(confidences[:, ::-1], classes=order)
    noise = search(np.full((1, 1000), 0.02), classes=order)
    summary = findings.summarise_cppn(run, run, noise, "network")
    assert summary["dogs_and_cats"] == pytest.approx([0.3, 0.8], abs=1e-6)


class Assessed(NamedTuple):
    """A network on photographs, as far as summaries read it."""

    confidences: np.ndarray
    correct: np.ndarray


def test_summary_of_photographs_has_the_medians_when_right_and_when_wrong() -> None:
    assessed = Assessed(np.float32([0.875, 0.5, 0.25, 0.75]), np.array([True, False, False, True]))
    summary = findings.summarise_photographs(assessed, "EfficientNet-Lite0")
    assert [summary[name] for name in ("images", "accuracy", "median")] == [4, 0.5, 0.625]
    assert (summary["median_right"], summary["median_wrong"]) == (0.8125, 0.375)
    finding = findings.judge("natural-confidence", summary, "default")
    assert finding.verdict == paper.UNTESTED
    assert finding.scale == "4 labelled photographs; EfficientNet-Lite0, one crop"


@pytest.mark.parametrize("right", [True, False])
def test_median_of_no_photograph_is_none_in_json_and_told_in_words(right: bool) -> None:
    assessed = Assessed(np.float32([0.5, 0.75]), np.array([right, right]))
    summary = findings.summarise_photographs(assessed, "EfficientNet-Lite0")
    assert summary["median_wrong" if right else "median_right"] is None
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary
    assert ("never wrong" if right else "never right") in findings.judge("natural-confidence", summary, "smoke").ours


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
        "scale": "5 runs × 10 classes",
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
    table = findings.as_markdown([found])
    assert found.verdict in table and found.headline in table and found.paper + "†" in table
    assert "not reproduced" in findings.as_text([found])


def test_nothing_measured_gives_no_finding(tmp_path: Path) -> None:
    assert findings.collect("smoke", tmp_path) == ()
    assert "No findings yet" in findings.as_text(())


def test_damaged_metrics_are_named(tmp_path: Path) -> None:
    write_metrics(tmp_path / "default", 0.5)
    (tmp_path / "default" / "metrics" / "03_mnist_cppn.json").write_text('{"claims": ')
    with pytest.raises(ValueError, match=r"03_mnist_cppn\.json is damaged"):
        findings.collect("default", tmp_path)
