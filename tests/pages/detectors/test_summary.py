"""Page 13 in numbers and words; no network is needed."""

from __future__ import annotations

import json
from dataclasses import replace

import msgspec
import pytest

from fooling.lab.detectors.measures import Detection, Interval
from fooling.pages.detectors import summary
from fooling.pages.detectors.records import DigitResults, KindResults, Results
from fooling.words import INLINE, escape

DETECTORS = ("maximum softmax", "energy", "fooling class")


def make_kind(median: float, images: int, *values: float) -> KindResults:
    """Return a detection for each detector, with this AUROC, an AUPR of half of it and an FPR of the rest."""
    parts = [[Interval(part, part - 0.05, part + 0.04) for part in (one, one / 2, 1 - one)] for one in values]
    rows = {name: Detection(*part, threshold=0.0) for name, part in zip(DETECTORS, parts, strict=True)}
    return KindResults(rows, images, median)


@pytest.fixture
def found() -> DigitResults:
    return DigitResults(
        kinds={
            "direct": make_kind(0.99, 50, 0.1, 0.47, 0.9),
            "CPPN": make_kind(0.9, 50, 0.2, 0.45, 0.8),
            "noise": make_kind(0.4, 200, 0.7, 0.95, 0.6),
        },
        natural=200,
        temperature=1.7,
        scale="toy",
        against={
            "direct": {"energy": make_kind(0.95, 30, 0.15, 0.25, 0.85)},
            "CPPN": {
                "energy": make_kind(0.8, 30, 0.3, 0.35, 0.75),
                "fooling class": make_kind(0.7, 40, 0.5, 0.5, 0.55),
            },
        },
        error_before=Interval(0.03, 0.02, 0.05),
        error_after=Interval(0.02, 0.01, 0.04),
    )


def test_record_comes_back_from_json(found: DigitResults) -> None:
    assert msgspec.convert(json.loads(json.dumps(msgspec.to_builtins(found))), DigitResults) == found


def test_sentence_counts_detectors_surely_below_chance_and_searches_that_a_detector_lost(found: DigitResults) -> None:
    told = summary.headline(found)
    assert told.startswith("1 of 3 detectors find bred images more natural than digits; "), "0.47 may be chance"
    assert "falls in 3 of 3 searches against it (3 beyond doubt), most for fooling class (CPPN: 0.80 to 0.55)." in told
    assert len(told.split()) <= 35
    noise = replace(found, kinds={**found.kinds, "CPPN": found.kinds["noise"]})
    assert summary.headline(noise).startswith("None of 3 detectors find"), "every encoding counts"


def test_table_tells_every_number_of_the_finding(found: DigitResults) -> None:
    rows = dict(summary.list_rows(found))
    beaten = "find bred images (direct and CPPN) *more* natural than digits, beyond doubt"
    assert rows["natural digits measured"] == "200" and rows[beaten] == "1 of 3: maximum softmax"
    assert rows["best by AUROC, direct"] == "fooling class 0.90 [0.85, 0.94]"
    assert rows["best by AUROC, noise"] == "energy 0.95 [0.90, 0.99]"
    assert rows["searches in which the detector's own AUROC falls"] == "3 of 3, 3 beyond doubt"
    near = make_kind(0.8, 30, 0.3, 0.44, 0.75)  # intervals that overlap
    against = {**found.against, "CPPN": {**found.against["CPPN"], "energy": near}}
    assert "3 of 3, 2 beyond doubt" in dict(summary.list_rows(replace(found, against=against))).values()
    assert rows["CPPN images that the fooling class lets pass: before, after"] == "20%, 45%"
    assert rows["median confidence, direct: before, after"] == "99.00%, 95.00%"
    assert rows["median confidence, CPPN: before, after"] == "90.00%, 80.00%", "without the other network's"
    assert rows["median confidence of the network with the fooling class, evolved against"] == "70.00%"
    assert rows["temperature that makes the right labels most likely"] == "1.70"
    assert rows["calibration error: before"] == "3.00 points [2.00, 5.00]"
    assert rows["calibration error: after temperature"] == "2.00 points [1.00, 4.00]"
    told = summary.tell_digits(found)
    assert all(escape(cell, INLINE) in told for cell in rows.values()) and "Scale: toy." in told


def test_tables_have_a_row_per_detector(found: DigitResults) -> None:
    precision = summary.tabulate_precision(found)
    assert [row[0] for row in precision] == [*DETECTORS, "*no knowledge*"]
    assert precision[0][1] == "0.05 [0.00, 0.09]"
    assert precision[-1][1:] == ("0.80 (50 images)", "0.80 (50 images)", "0.50 (200 images)")
    again = summary.tabulate_again(found)
    assert [row[:2] for row in again] == [("direct", "energy"), ("CPPN", "energy"), ("CPPN", "fooling class")]
    assert again[2][2:] == (
        *("0.80 [0.75, 0.84]", "0.55 [0.50, 0.59]"),
        *("0.20 [0.15, 0.24]", "0.45 [0.40, 0.49]"),
        *("90.00%", "70.00%"),
    )


def test_imagenet_without_photographs_is_not_tested(found: DigitResults) -> None:
    assert "not tested" in summary.tell_imagenet(None)
    told = summary.tell_imagenet(Results(found.kinds, 80, 1.2, "Toy"))
    assert told.startswith("**On ImageNet, 1 of 3 detectors find bred images more natural than photographs; the best")
    assert "AUROC is fooling class 0.90 [0.85, 0.94].**" in told and told.endswith("Scale: 80 photographs; Toy.")
    (row,) = [line for line in told.splitlines() if line.startswith("| direct: ")]
    images, best, below = row.strip("| ").split(" | ")
    assert " images, median " in images and best == "fooling class 0.90 &#91;0.85, 0.94&#93;"
    assert below.split(" 0.")[0] == summary.find_beaten(found)[0] and ", " not in below.split("&#91;")[0]
