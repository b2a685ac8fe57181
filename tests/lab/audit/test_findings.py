"""An audit as JSON and as the lines of a slide, from numbers that are made up."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, NamedTuple

import numpy as np
import pytest

from fooling.pages import findings
from fooling.pages.findings import audit as told
from fooling.pages.findings.audit_text import find_best_detector


def log_odds(confidence: float) -> float:
    return float(np.log(confidence / (1 - confidence)))


class Parts(NamedTuple):
    """Any part of an audit: its fields are read by name."""

    fields: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.fields[name]


def make_attempt(confidences: list[list[float]], steps: int = 100) -> Parts:
    """Return an attempt with a row of confidences for each run, which were half as far, in log-odds, half-way."""
    final = np.array([[log_odds(part) for part in run] for run in confidences], np.float32)
    curves = np.stack([final / 2, final], axis=1)
    levels = np.array([log_odds(level / 100) for level in (50.1, 90, 99)])
    needed = np.where(final[:, None] >= levels[:, None], steps, np.nan)
    return Parts({"log_odds": final, "steps": np.array([steps // 2, steps]), "curves": curves, "needed": needed})


@pytest.fixture
def audit() -> Parts:
    interval = np.array([0.5, 0.4, 0.6])
    detected = np.stack([[interval * 1.0, interval * 1.5], [interval * 0.2, interval * 0.5]])
    return Parts(
        {
            "classes": (0, 2),
            "attempts": {
                "noise": make_attempt([[0.2, 0.3]]),
                "direct": make_attempt([[0.6, 0.95], [0.7, 0.995]]),
                "CPPN": make_attempt([[0.999, 0.9]]),
                "ascent": make_attempt([[0.8, 0.7]]),
            },
            "noise": np.linspace(0.1, 0.5, 10),
            "plain": np.array([0.9, 0.8, 0.7]),
            "plain_tops": np.array([2, 1, 0]),
            "real": Parts(
                {
                    "confidences": np.array([0.9, 0.8, 0.4, 0.95]),
                    "tops": np.array([0, 1, 2, 0]),
                    "labels": np.array([0, 1, 1, 0]),
                }
            ),
            "noticed": Parts(
                {
                    "detectors": np.array(["maximum softmax", "energy"]),
                    "kinds": np.array(["noise", "direct"]),
                    "auroc": detected,
                    "passed": detected,
                    "measured": np.asarray(2),
                }
            ),
            "temperature": Parts(
                {
                    "kinds": np.array(["noise", "direct"]),
                    "value": np.asarray(1.5),
                    "errors": np.array([0.08, 0.02]),
                    "certain": np.array([[0.1, 0.0], [1.0, 0.75]]),
                    "real": np.array([0.9, 0.8]),
                }
            ),
            "fooling_class": Parts(
                {
                    "kinds": np.array(["noise", "direct"]),
                    "known": np.array([0.5, np.nan]),
                    "unseen": np.array([2, 0]),
                    "lost": np.asarray(0.01),
                    "right": np.array([0.75, 0.5]),
                    "again": make_attempt([[0.3, 0.3]], steps=60),
                }
            ),
            "untested": (),
        }
    )


@pytest.fixture
def metrics(audit: Parts) -> dict[str, Any]:
    found = findings.summarise_audit(audit, "net", (4, 5, 1), ("a", "b", "c"), (0.0, 1.0))
    found |= {"budget_minutes": 3.0, "cut": []}
    return json.loads(json.dumps(found, sort_keys=True))  # as a file gives it back


def test_numbers_are_those_of_the_best_run_and_of_the_median_class(metrics: dict[str, Any]) -> None:
    assert (metrics["audited"], metrics["fooled"], metrics["fooled_share"]) == (2, 2, 1.0)
    assert metrics["worst"]["class"] == "a" and metrics["worst"]["means"] == "CPPN"
    direct = metrics["means"]["direct"]
    assert direct["classes_at"] == {"50": 2, "90": 1, "99": 1}
    assert direct["median"] == pytest.approx((0.7 + 0.95) / 2, abs=1e-6)
    assert direct["runs_range"] == pytest.approx([(0.6 + 0.95) / 2, (0.7 + 0.995) / 2], abs=1e-6)
    assert [one["name"] for one in metrics["classes"]] == ["a", "c"]
    assert metrics["classes"][1]["confidence"]["direct"] == pytest.approx(0.995, abs=1e-6)


def test_images_are_counted_until_half_of_the_classes_were_there(metrics: dict[str, Any]) -> None:
    assert metrics["means"]["direct"]["images_to"] == {"50": 100.0, "90": 100.0, "99": None}
    assert metrics["means"]["noise"]["images_to"] == {"50": None, "90": None, "99": None}


def test_real_images_and_defences_are_told(metrics: dict[str, Any]) -> None:
    assert metrics["real"] == {
        "images": 4,
        "median": pytest.approx(0.85),
        "right": 0.75,
        "median_right": 0.9,
        "median_wrong": 0.4,
    }
    energy = metrics["detectors"]["energy"]["direct"]
    assert energy["auroc"] == pytest.approx([0.25, 0.2, 0.3])
    assert energy["passed"] == pytest.approx([0.25, 0.045587, 0.699358], abs=1e-5), "Wilson's interval of 1 of 4"
    assert metrics["nonsense"] == {"noise": 10, "direct": 4, "CPPN": 2, "ascent": 2}
    assert metrics["temperature"]["certain"]["direct"] == [1.0, 0.75]
    learned = metrics["fooling_class"]
    assert learned["unseen"] == {"noise": 2, "direct": 0}
    assert learned["known"] == {"noise": 0.5, "direct": None} and learned["images"] == 60
    half = 1 / (1 + np.exp(-log_odds(0.999) / 2)), 1 / (1 + np.exp(-log_odds(0.9) / 2))
    assert learned["median"] == pytest.approx([np.mean(half), 0.3], abs=1e-5), "both after 60 images or just before"


def test_runs_that_end_at_the_same_image_count_once(audit: Parts) -> None:
    ends = Parts({"log_odds": np.array([[2.0, 3.0, -1.0], [2.0, np.inf, -2.0], [1.0, np.inf, 2.0]], np.float32)})
    changed = Parts({**audit.fields, "attempts": {"noise": ends, "CPPN": ends}})
    assert findings.count_nonsense(changed) == {"noise": 10, "CPPN": 6}


def test_every_key_stands_in_the_description(metrics: dict[str, Any]) -> None:
    for key in metrics:
        assert f"``{key}``" in told.__doc__ or f"``{key}``:" in told.__doc__, key


def test_summary_fits_a_slide_and_keeps_the_order_of_means(metrics: dict[str, Any]) -> None:
    lines = findings.tell_audit(metrics)
    assert 6 <= len(lines) <= 10 and max(map(len, lines)) < 240
    said = "\n".join(lines)
    assert "noise 25.00%, direct 82.50%" in said
    assert "in 2 of 2 classes" in said and "Most certain: a, 99.90" in said
    assert "Random noise: median 30.00% in its first class, highest 50.00%." in said
    assert "noise 5 of 10, direct 3 of 4; with the best detector, energy: noise 1 of 10, direct 1 of 4." in said
    assert "fell from 8.0 to 2.0 points; nonsense at 99%, of the worst kind, direct: 4 of 4 to 3 of 4." in said
    assert "this much unseen nonsense fooling: noise 1 of 2; and 1.0% of real images" in said


def test_a_temperature_at_an_end_is_no_fit_and_one_that_makes_errors_larger_is_told_as_such(audit: Parts) -> None:
    def tell(value: float, errors: tuple[float, float]) -> tuple[str, str]:
        warmed = Parts({**audit.temperature.fields, "value": np.asarray(value), "errors": np.array(errors)})
        changed = Parts({**audit.fields, "temperature": warmed})
        found = findings.summarise_audit(changed, "net", (4, 5, 1), ("a", "b", "c"), (0.0, 1.0))
        said = findings.tell_audit({**found, "budget_minutes": 1.0, "cut": []})
        return next(line for line in said if "emperature" in line), findings.tabulate_defences(found)

    line, rows = tell(0.01, (0.08, 0.02))
    assert line == "Temperature: every image of the half to fit on is right, so no temperature can be fitted."
    assert "calibration error" not in rows and "no temperature can be fitted" in rows
    assert "labels are no better than chance" in tell(100.0, (0.08, 0.02))[0]
    assert "rose, though the likelihood chose this temperature, from 2.0 to 8.0" in tell(1.5, (0.02, 0.08))[0]
    assert "stayed at 2.0 points" in tell(1.5, (0.02, 0.02))[0]


def test_a_threshold_is_the_best_detector_where_none_is_better() -> None:
    same = {"noise": {"passed": [0.5, 0.4, 0.6]}}
    assert find_best_detector({"energy": same, "maximum softmax": same}) == "maximum softmax"
    better = {"noise": {"passed": [0.4, 0.4, 0.6]}}
    assert find_best_detector({"energy": better, "maximum softmax": same}) == "energy"


def test_an_audit_without_real_images_is_told_too(audit: Parts) -> None:
    bare = {**audit.fields, "real": None, "noticed": None, "temperature": None, "fooling_class": None}
    bare["untested"] = ("Nothing was tested.",)
    found = findings.summarise_audit(Parts(bare), "net", (4, 5, 1), ("a", "b", "c"), (0.0, 1.0))
    lines = findings.tell_audit({**found, "budget_minutes": 1.0, "cut": []})
    assert lines[-1] == "Nothing was tested." and any("none were given" in line for line in lines)
    assert findings.tabulate_defences(found) == "Neither was tested, as said above."


def test_tables_have_a_row_for_each_means_and_a_column_for_each_colour(metrics: dict[str, Any]) -> None:
    rows = findings.tabulate_means(metrics).splitlines()[2:]
    assert [row.split(" | ")[0].strip("| ") for row in rows] == ["noise", "direct", "CPPN", "ascent"]
    assert findings.tabulate_plain(metrics).splitlines()[0] == "|  | black | grey | white |"
    assert "c, 90.00%" in findings.tabulate_plain(metrics)
    defences = findings.tabulate_defences(metrics)
    assert "| calibration error, real images | 8.0 points | 2.0 points |" in defences
    assert "| nonsense at 99%: direct | 100% (4 of 4) | 75% (3 of 4) |" in defences
    assert "| unseen nonsense called fooling: noise |  | 50% (1 of 2) |" in defences


def test_telling_needs_no_tensorflow() -> None:
    code = "import sys, fooling.pages.findings, fooling.report.audit; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
