"""Claims and their rules: each verdict at its thresholds and just beside them, each description as a sentence."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from fooling.pages import paper

DIGITS = {
    "runs": 5,
    "data": "4,000 digits",
    "classes": 10,
    "generations": 200,
    "children": 200,
    "median": 0.99995,
    "baseline_median": 0.1,
    "run_medians": [0.9999, 0.99999],
    "lowest": 0.7,
    "runs_certain_before_50": 5,
    "runs_certain": 5,
}
DIRECT = {
    "runs": 5,
    "classes": 1000,
    "generations": 20_000,
    "children": 200,
    "per_cell": 4_000.0,
    "median": 0.2159,
    "baseline_median": 0.001,
    "run_medians": [0.2, 0.23],
    "fooled": 45,
    "network": "EfficientNet-Lite0",
}
CPPN = DIRECT | {
    "generations": 5_000,
    "children": 400,
    "per_cell": 2_000.0,
    "median": 0.8811,
    "run_medians": [0.86, 0.9],
    "fooled": 300,
    "direct_median": 0.11,
    "classes_ahead": 876,
    "superiority": 0.83,
    "p": 1e-30,
    "dogs_and_cats": [0.4, 0.9],
}
HALF = {"superiority": 0.7, "p": 1 / 10_001, "superiority_distinct": 0.6}
RELATED = {
    "similarity": {"neighbours": 0.31, "random": -0.02, "runs": 0.01},
    "neighbours_against_random": HALF,
    "neighbours_against_runs": HALF,
    "shared": {"neighbours": 0.2, "random": 0.01},
    "per_cell": 2_000.0,
    "runs": 2,
    "classes": 1000,
}
NATURAL = {
    "images": 50_000,
    "accuracy": 0.75,
    "median": 0.603,
    "median_right": 0.867,
    "median_wrong": 0.337,
    "network": "EfficientNet-Lite0",
}
EFFECT = {"superiority": 0.7, "p": 1e-5}
FEATURES = {
    "runs": 20,
    "generations": 200,
    "children": 200,
    "vertical_1": EFFECT | {"superiority": 0.9},
    "low_bar_2": EFFECT | {"p": 0.000099},
    "low_share_2": EFFECT | {"superiority": 0.65},
    "alike": EFFECT | {"superiority": 0.5601},
    "alike_direct": {"superiority": 0.5, "p": 0.5},
    "controls": {"random CPPN": {"vertical_1": EFFECT, "low_bar_2": EFFECT, "low_share_2": EFFECT, "alike": EFFECT}},
}
STEADY = {"needed": [12_000, 15_000.0], "correlation": 0.2, "p": 0.3, "fold": 1.25, "median_most": 0.99999}
TRAINING_SIZE = {
    "sizes": 4,
    "networks_per_size": 3,
    "networks": 12,
    "generations": 200,
    "children": 200,
    "extremes": [500, 4_000],
    "errors": [0.1, 0.034],
    "direct": STEADY,
    "cppn": STEADY | {"needed": [20_000, None], "median_most": 0.999},
}
REPETITION = {
    "images": 10,
    "lowered": 0.9,
    "lowered_p": 0.0099,
    "kept_without_one": 0.5,
    "kept_without_half": 0.3,
    "smaller_half": {"lowered": 0.8, "lowered_p": 0.001},
    "kept_without_smaller_half": 0.4,
    "kept_masked": 0.6,
    "kept_masked_one": 0.7,
    "shuffled_champions": 0.8,
    "shuffled_photographs": 0.1,
}
NOTHING_REPEATED = dict.fromkeys(REPETITION) | {"images": 0}
SHOWN = {"images": 20, "showings": 20, "share": 0.2, "shuffled": 0.1, "spread": [0.1, 0.35], "median": 0.25}
NOT_SHOWN = dict.fromkeys(SHOWN) | {"images": 0}
TRANSFER = {
    "digits_initialisation": SHOWN,
    "digits_shape": SHOWN,
    "digits_direct": NOT_SHOWN,
    "imagenet": SHOWN | {"images": 1_200, "showings": 2_400, "share": 1.0, "median": 0.99999},
}
NOTHING_SHOWN = dict.fromkeys(TRANSFER, NOT_SHOWN)
ALIKE = {"medians": [0.001, 0.0011], "classes_ahead": 9, "paired_p": 0.0001}
ENSEMBLE = {
    "classes": 20,
    "runs": 2,
    "per_cell": 50.0,
    "networks": 3,
    "median": 0.652,
    "run_medians": [0.6, 0.7],
    "fooled": 1,
    "baseline_median": 0.0,
    "fool_all": 0.4,
    "superiority": 0.95,
    "p": 1e-6,
    "paired_p": 1e-5,
    "start": ALIKE,
}
RETRAINED_DIGITS = {
    "iterations": 15,
    "runs": 30,
    "medians": [0.99999, *[0.95] * 14, 0.9999],
    "last_run_medians": [0.999, 0.99999],
    "fooling_share": 0.25,
    "caught": 0.97,
    "first_as_far": 20,
    "generations": 200,
}
RETRAINED_ERROR = {
    "iterations": 15,
    "held_out": 1_000,
    "error_first": 0.034,
    "error_range": [0.03, 0.051],
    "error_median": 0.04,
    "error_last": 0.051,
    "called_fooling": 0.001,
    "agreement": 0.88,
    "agreement_crops": 1_000,
    "agreement_photographs": 2,
}
RETRAINED_IMAGENET = {
    "classes": 20,
    "runs": 2,
    "per_cell": 50.0,
    "median_before": 0.8811,
    "median_after": 0.117,
    "run_medians_after": [0.1, 0.2],
    "classes_ahead": 19,
    "superiority": 0.9,
    "p": 1e-6,
    "paired_p": 0.0032,
    "start": {"medians": [0.0014, 0.0007], "classes_ahead": 20, "paired_p": 1.9e-6},
    "caught": 1.0,
}
CLIMBED = {
    "images": 20,
    "all_steps": True,
    "best_median": 0.9999,
    "last_without": 0.99999,
    "last_with": 0.9,
    "with_l2": {"best": 0.96, "last": 0.93},
    "less_certain": {"superiority": 0.95, "p": 0.0099},
    "seen_without": 0.05,
    "seen_with": 0.5,
    "seen_p": 0.0099,
}
ASCENT = {"imagenet": CLIMBED, "digits": CLIMBED | {"images": 50, "less_certain": {"superiority": 1.0, "p": 0.0}}}
MEASURED: dict[str, dict[str, Any]] = {
    "mnist-direct": DIGITS,
    "mnist-cppn": DIGITS,
    "mnist-cppn-raw": DIGITS,
    "mnist-features": FEATURES,
    "small-data": TRAINING_SIZE,
    "natural-confidence": NATURAL,
    "imagenet-direct": DIRECT,
    "imagenet-cppn": CPPN,
    "imagenet-cppn-raw": CPPN,
    "imagenet-repetition": REPETITION,
    "imagenet-relatedness": RELATED,
    "transfer": TRANSFER,
    "ensemble": ENSEMBLE,
    "retrain-mnist": RETRAINED_DIGITS,
    "retrain-imagenet": RETRAINED_IMAGENET,
    "retrain-error": RETRAINED_ERROR,
    "gradient-ascent": ASCENT,
}

WEAK_P, WEAK_EFFECT = HALF | {"p": 0.0001}, HALF | {"superiority": 0.56}
NO_NEIGHBOURS = {"neighbours_against_random": None, "neighbours_against_runs": None}
UNDEFINED = NO_NEIGHBOURS | {
    "similarity": {"neighbours": None, "random": 0.1, "runs": 0.0},
    "shared": {"neighbours": None, "random": 0.0},
}
ONE_RUN = {"runs": 1, "neighbours_against_runs": None, "similarity": {"neighbours": 0.3, "random": 0.1, "runs": None}}


@pytest.mark.parametrize(
    ("claim", "change", "verdict"),
    [
        ("mnist-direct", {}, paper.REPRODUCED),
        ("mnist-direct", {"median": 0.9999}, paper.REPRODUCED),
        ("mnist-direct", {"runs_certain_before_50": 4}, paper.PARTLY),
        ("mnist-direct", {"median": 0.9998}, paper.PARTLY),
        ("mnist-direct", {"median": 0.9998, "runs_certain_before_50": 0}, paper.NOT),
        ("mnist-direct", {"runs": 4}, paper.UNTESTED),
        ("mnist-direct", {"generations": 199}, paper.UNTESTED),
        ("mnist-direct", {"children": 199}, paper.UNTESTED),
        ("mnist-cppn", {}, paper.REPRODUCED),
        ("mnist-cppn", {"median": 0.9998}, paper.PARTLY),
        ("mnist-cppn", {"median": 0.99}, paper.PARTLY),
        ("mnist-cppn", {"median": 0.9899}, paper.NOT),
        ("mnist-cppn-raw", {"runs": 2}, paper.UNTESTED),
        # That pixels fail needs all classes and the paper's children per cell.
        ("imagenet-direct", {}, paper.REPRODUCED),
        ("imagenet-direct", {"runs": 2}, paper.REPRODUCED),
        ("imagenet-direct", {"runs": 1}, paper.UNTESTED),
        ("imagenet-direct", {"classes": 999}, paper.UNTESTED),
        ("imagenet-direct", {"per_cell": 3_999.9}, paper.UNTESTED),
        ("imagenet-direct", {"fooled": 90}, paper.REPRODUCED),
        ("imagenet-direct", {"fooled": 91}, paper.PARTLY),
        ("imagenet-direct", {"median": 0.5}, paper.REPRODUCED),
        ("imagenet-direct", {"median": 0.5001}, paper.NOT),
        # That they succeed does not.
        ("imagenet-direct", {"median": 0.5001, "classes": 20, "runs": 2, "per_cell": 1.0}, paper.NOT),
        ("imagenet-direct", {"median": 0.5, "classes": 20, "runs": 2, "per_cell": 1.0}, paper.UNTESTED),
        ("imagenet-direct", {"median": 0.9, "classes": 19}, paper.UNTESTED),
        ("imagenet-direct", {"median": 0.9, "runs": 1}, paper.UNTESTED),
        # Two halves: the comparison, at 20 classes, 2 runs, 50 children per cell; the number, at the paper's size.
        ("imagenet-cppn", {}, paper.REPRODUCED),
        ("imagenet-cppn", {"median": 0.8810}, paper.PARTLY),
        ("imagenet-cppn", {"classes": 999}, paper.PARTLY),
        ("imagenet-cppn", {"per_cell": 1_999.9}, paper.PARTLY),
        ("imagenet-cppn", {"classes": 20, "runs": 2, "per_cell": 50.0}, paper.PARTLY),
        ("imagenet-cppn", {"classes": 19}, paper.UNTESTED),
        ("imagenet-cppn", {"runs": 1}, paper.UNTESTED),
        ("imagenet-cppn", {"per_cell": 49.9}, paper.UNTESTED),
        ("imagenet-cppn", {"p": 0.0001}, paper.PARTLY),
        ("imagenet-cppn", {"p": 0.000099}, paper.REPRODUCED),
        ("imagenet-cppn", {"superiority": 0.56}, paper.PARTLY),
        ("imagenet-cppn", {"superiority": 0.561}, paper.REPRODUCED),
        ("imagenet-cppn", {"superiority": 0.2}, paper.PARTLY),
        ("imagenet-cppn", {"p": 0.0001, "median": 0.88}, paper.NOT),
        ("imagenet-cppn", {"superiority": 0.2, "classes": 999}, paper.NOT),
        ("imagenet-cppn", {"superiority": 0.5, "p": 0.5, "classes": 999}, paper.UNTESTED),
        ("imagenet-cppn", {"superiority": 0.45, "per_cell": 1_999.0}, paper.UNTESTED),
        ("imagenet-cppn", {"superiority": 0.5, "p": 0.5, "median": 0.88}, paper.NOT),
        ("imagenet-cppn-raw", {}, paper.REPRODUCED),
        ("imagenet-cppn-raw", {"median": 0.1}, paper.PARTLY),
        ("imagenet-relatedness", {}, paper.REPRODUCED),
        ("imagenet-relatedness", {"classes": 100}, paper.REPRODUCED),
        ("imagenet-relatedness", {"classes": 99}, paper.UNTESTED),
        ("imagenet-relatedness", {"per_cell": 49.9}, paper.UNTESTED),
        ("imagenet-relatedness", {"runs": 1}, paper.UNTESTED),
        ("imagenet-relatedness", ONE_RUN, paper.UNTESTED),
        ("imagenet-relatedness", UNDEFINED | {"classes": 20}, paper.UNTESTED),
        ("imagenet-relatedness", UNDEFINED | {"classes": 500}, paper.UNTESTED),
        ("imagenet-relatedness", {"neighbours_against_random": WEAK_P}, paper.PARTLY),
        ("imagenet-relatedness", {"neighbours_against_random": WEAK_EFFECT}, paper.PARTLY),
        ("imagenet-relatedness", {"neighbours_against_runs": WEAK_P}, paper.PARTLY),
        ("imagenet-relatedness", {"neighbours_against_runs": WEAK_EFFECT}, paper.PARTLY),
        ("imagenet-relatedness", {"neighbours_against_runs": HALF | {"superiority": 0.561}}, paper.REPRODUCED),
        (
            "imagenet-relatedness",
            {"neighbours_against_random": WEAK_P, "neighbours_against_runs": WEAK_EFFECT},
            paper.NOT,
        ),
        ("natural-confidence", {}, paper.REPRODUCED),
        ("natural-confidence", {"images": 1_000}, paper.REPRODUCED),
        ("natural-confidence", {"images": 999}, paper.UNTESTED),
        ("natural-confidence", {"median": 0.7529}, paper.REPRODUCED),
        ("natural-confidence", {"median": 0.7531}, paper.PARTLY),
        ("natural-confidence", {"median": 0.4531}, paper.REPRODUCED),
        ("natural-confidence", {"median": 0.4529}, paper.PARTLY),
        ("natural-confidence", {"median_right": 0.337}, paper.PARTLY),
        ("natural-confidence", {"median_right": 0.3371}, paper.REPRODUCED),
        ("natural-confidence", {"median": 0.9, "median_right": 0.2}, paper.NOT),
        ("natural-confidence", {"median_wrong": None}, paper.UNTESTED),
        ("natural-confidence", {"median_right": None}, paper.UNTESTED),
    ],
)
def test_verdict_follows_the_rule(claim: str, change: dict[str, Any], verdict: str) -> None:
    assert judge(claim, change) == verdict


def judge(claim: str, change: dict[str, Any]) -> str:
    """Return the verdict on what was measured, with a change."""
    return paper.find_claim(claim).judge(MEASURED[claim] | change)


NO_EFFECT_P, NO_EFFECT = EFFECT | {"p": 0.0001}, EFFECT | {"superiority": 0.56}
REVERSED = EFFECT | {"superiority": 0.1}
GROWS = STEADY | {"correlation": 0.001, "p": 0.0099, "fold": 1.5}
PREVENTED = STEADY | {"median_most": 0.9899}


@pytest.mark.parametrize(
    ("claim", "change", "verdict"),
    [
        # Three statements, each an effect of its own; pixel images are described, not judged.
        ("mnist-features", {}, paper.REPRODUCED),
        ("mnist-features", {"runs": 19}, paper.UNTESTED),
        ("mnist-features", {"generations": 199}, paper.UNTESTED),
        ("mnist-features", {"children": 199}, paper.UNTESTED),
        ("mnist-features", {"vertical_1": NO_EFFECT_P}, paper.PARTLY),
        ("mnist-features", {"vertical_1": NO_EFFECT}, paper.PARTLY),
        ("mnist-features", {"low_bar_2": NO_EFFECT_P}, paper.PARTLY),
        ("mnist-features", {"low_bar_2": REVERSED}, paper.PARTLY),
        ("mnist-features", {"low_share_2": NO_EFFECT}, paper.PARTLY),
        ("mnist-features", {"low_share_2": REVERSED}, paper.PARTLY),
        ("mnist-features", {"alike": NO_EFFECT}, paper.PARTLY),
        ("mnist-features", {"alike": NO_EFFECT_P, "low_bar_2": NO_EFFECT}, paper.PARTLY),
        ("mnist-features", {"alike": NO_EFFECT, "low_bar_2": NO_EFFECT, "vertical_1": REVERSED}, paper.NOT),
        # Prevention needs both encodings, a trend one, whose three parts must come together.
        ("small-data", {}, paper.NOT),
        ("small-data", {"direct": PREVENTED, "cppn": PREVENTED}, paper.REPRODUCED),
        ("small-data", {"direct": PREVENTED}, paper.NOT),
        ("small-data", {"direct": PREVENTED, "cppn": PREVENTED | {"median_most": 0.99}}, paper.NOT),
        ("small-data", {"direct": PREVENTED, "cppn": GROWS}, paper.PARTLY),
        ("small-data", {"direct": GROWS}, paper.PARTLY),
        ("small-data", {"cppn": GROWS}, paper.PARTLY),
        ("small-data", {"direct": GROWS, "cppn": GROWS}, paper.PARTLY),
        ("small-data", {"cppn": GROWS | {"correlation": 0.0}}, paper.NOT),
        ("small-data", {"cppn": GROWS | {"correlation": -0.9}}, paper.NOT),
        ("small-data", {"cppn": GROWS | {"p": 0.01}}, paper.NOT),
        ("small-data", {"cppn": GROWS | {"fold": 1.499}}, paper.NOT),
        ("small-data", {"direct": GROWS | {"fold": 1.0}, "cppn": GROWS | {"p": 0.5}}, paper.NOT),
        ("small-data", {"direct": GROWS, "sizes": 3}, paper.UNTESTED),
        ("small-data", {"direct": GROWS, "networks_per_size": 2}, paper.UNTESTED),
        ("small-data", {"direct": GROWS, "generations": 199}, paper.UNTESTED),
        ("small-data", {"direct": PREVENTED, "cppn": PREVENTED, "children": 199}, paper.UNTESTED),
        # Two halves: lowers, and a little.
        ("imagenet-repetition", {}, paper.REPRODUCED),
        ("imagenet-repetition", {"images": 9}, paper.UNTESTED),
        ("imagenet-repetition", NOTHING_REPEATED, paper.UNTESTED),
        ("imagenet-repetition", {"lowered": 0.501}, paper.REPRODUCED),
        ("imagenet-repetition", {"lowered": 0.5}, paper.PARTLY),
        ("imagenet-repetition", {"lowered": 0.0, "lowered_p": 0.001}, paper.PARTLY),
        ("imagenet-repetition", {"lowered_p": 0.01}, paper.PARTLY),
        ("imagenet-repetition", {"smaller_half": {"lowered": 0.9, "lowered_p": 0.0117}}, paper.PARTLY),
        ("imagenet-repetition", {"smaller_half": {"lowered": 0.1, "lowered_p": 0.001}}, paper.PARTLY),
        ("imagenet-repetition", {"kept_without_one": 0.499}, paper.PARTLY),
        ("imagenet-repetition", {"kept_without_one": 0.499, "lowered_p": 0.01}, paper.NOT),
        # Three parts; each is met, not met or, below 20 images, not tested.
        ("transfer", {}, paper.REPRODUCED),
        ("transfer", {"imagenet": SHOWN | {"share": 0.199}}, paper.PARTLY),
        ("transfer", {"digits_shape": SHOWN | {"shuffled": 0.101}}, paper.PARTLY),
        ("transfer", {"digits_initialisation": SHOWN | {"share": 0.1}}, paper.PARTLY),
        ("transfer", {"imagenet": SHOWN | {"share": 0.3, "shuffled": 0.2}}, paper.REPRODUCED),
        ("transfer", {"imagenet": SHOWN | {"images": 19}}, paper.PARTLY),
        ("transfer", {"imagenet": NOT_SHOWN}, paper.PARTLY),
        ("transfer", NOTHING_SHOWN | {"imagenet": SHOWN}, paper.PARTLY),
        ("transfer", NOTHING_SHOWN | {"imagenet": SHOWN | {"share": 0.1}}, paper.NOT),
        ("transfer", dict.fromkeys(TRANSFER, SHOWN | {"share": 0.05}), paper.NOT),
        ("transfer", dict.fromkeys(TRANSFER, SHOWN | {"images": 19}), paper.UNTESTED),
        ("transfer", NOTHING_SHOWN, paper.UNTESTED),
        ("transfer", NOTHING_SHOWN | {"digits_direct": SHOWN}, paper.UNTESTED),  # pixels are described, not judged
        # The direction at 20 classes, 2 runs, 50 children per cell; the number at the paper's size.
        ("ensemble", {}, paper.PARTLY),
        ("ensemble", {"classes": 1_000, "per_cell": 1_600.0}, paper.REPRODUCED),
        ("ensemble", {"classes": 1_000, "per_cell": 1_599.9}, paper.PARTLY),
        ("ensemble", {"classes": 999, "per_cell": 1_600.0}, paper.PARTLY),
        ("ensemble", {"classes": 1_000, "per_cell": 1_600.0, "median": 0.6519}, paper.PARTLY),
        ("ensemble", {"classes": 1_000, "per_cell": 1_600.0, "p": 0.0001}, paper.PARTLY),
        ("ensemble", {"classes": 1_000, "per_cell": 1_600.0, "median": 0.6519, "p": 0.0001}, paper.NOT),
        ("ensemble", {"p": 0.0001}, paper.UNTESTED),
        ("ensemble", {"p": 0.000099}, paper.PARTLY),
        ("ensemble", {"superiority": 0.56}, paper.UNTESTED),
        ("ensemble", {"superiority": 0.439}, paper.NOT),
        ("ensemble", {"superiority": 0.561}, paper.PARTLY),
        ("ensemble", {"classes": 19}, paper.UNTESTED),
        ("ensemble", {"runs": 1}, paper.UNTESTED),
        ("ensemble", {"per_cell": 49.9}, paper.UNTESTED),
        # The last median alone, after the paper's iterations and runs.
        ("retrain-mnist", {}, paper.REPRODUCED),
        ("retrain-mnist", {"medians": [0.5, 0.9998]}, paper.PARTLY),
        ("retrain-mnist", {"medians": [0.9999, 0.99]}, paper.PARTLY),
        ("retrain-mnist", {"medians": [0.9999, 0.9899]}, paper.NOT),
        ("retrain-mnist", {"iterations": 14}, paper.UNTESTED),
        ("retrain-mnist", {"runs": 29}, paper.UNTESTED),
        ("retrain-imagenet", {}, paper.PARTLY),
        ("retrain-imagenet", {"classes": 1_000, "per_cell": 2_000.0}, paper.REPRODUCED),
        ("retrain-imagenet", {"classes": 1_000, "per_cell": 1_999.9}, paper.PARTLY),
        ("retrain-imagenet", {"classes": 999, "per_cell": 2_000.0}, paper.PARTLY),
        ("retrain-imagenet", {"classes": 1_000, "per_cell": 2_000.0, "median_before": 0.8809}, paper.PARTLY),
        ("retrain-imagenet", {"classes": 1_000, "per_cell": 2_000.0, "median_after": 0.1171}, paper.PARTLY),
        ("retrain-imagenet", {"classes": 1_000, "per_cell": 2_000.0, "median_after": 0.9, "p": 0.5}, paper.NOT),
        ("retrain-imagenet", {"p": 0.0001}, paper.UNTESTED),
        ("retrain-imagenet", {"p": 0.000099}, paper.PARTLY),
        ("retrain-imagenet", {"superiority": 0.56}, paper.UNTESTED),
        ("retrain-imagenet", {"superiority": 0.561}, paper.PARTLY),
        ("retrain-imagenet", {"superiority": 0.1}, paper.NOT),
        ("retrain-imagenet", {"classes": 19}, paper.UNTESTED),
        ("retrain-imagenet", {"runs": 1}, paper.UNTESTED),
        ("retrain-imagenet", {"per_cell": 49.9}, paper.UNTESTED),
        # Error added to 3.4%.
        ("retrain-error", {}, paper.REPRODUCED),
        ("retrain-error", {"error_median": 0.02}, paper.REPRODUCED),
        ("retrain-error", {"error_median": 0.044}, paper.REPRODUCED),
        ("retrain-error", {"error_first": 0.0, "error_median": 0.01}, paper.REPRODUCED),
        ("retrain-error", {"error_first": 0.0, "error_median": 0.02}, paper.PARTLY),
        ("retrain-error", {"error_median": 0.0445}, paper.PARTLY),
        ("retrain-error", {"error_median": 0.0539}, paper.PARTLY),
        ("retrain-error", {"error_median": 0.0545}, paper.NOT),
        ("retrain-error", {"error_first": 0.03, "error_median": 0.04}, paper.REPRODUCED),
        ("retrain-error", {"error_first": 0.03, "error_median": 0.05}, paper.PARTLY),
        ("retrain-error", {"iterations": 14}, paper.UNTESTED),
        ("retrain-error", {"held_out": 999}, paper.UNTESTED),
        ("retrain-error", {"agreement": None}, paper.REPRODUCED),
        # Three parts on ImageNet; digits are described, not judged.
        ("gradient-ascent", {}, paper.REPRODUCED),
        ("gradient-ascent", {"imagenet": CLIMBED | {"images": 19}}, paper.UNTESTED),
        ("gradient-ascent", {"imagenet": CLIMBED | {"all_steps": False}}, paper.UNTESTED),
        ("gradient-ascent", {"imagenet": CLIMBED | {"best_median": 0.9998}}, paper.PARTLY),
        ("gradient-ascent", {"imagenet": CLIMBED | {"less_certain": {"superiority": 0.56, "p": 0.0}}}, paper.PARTLY),
        (
            "gradient-ascent",
            {"imagenet": CLIMBED | {"less_certain": {"superiority": 0.561, "p": 0.0}}},
            paper.REPRODUCED,
        ),
        ("gradient-ascent", {"imagenet": CLIMBED | {"less_certain": {"superiority": 0.9, "p": 0.01}}}, paper.PARTLY),
        ("gradient-ascent", {"imagenet": CLIMBED | {"seen_p": 0.01}}, paper.PARTLY),
        ("gradient-ascent", {"imagenet": CLIMBED | {"seen_with": 0.05, "seen_p": 0.0}}, paper.PARTLY),
        ("gradient-ascent", {"imagenet": CLIMBED | {"seen_with": 0.0, "seen_p": 0.0}}, paper.PARTLY),
        (
            "gradient-ascent",
            {"imagenet": CLIMBED | {"best_median": 0.5, "seen_p": 1.0}},
            paper.PARTLY,
        ),
        (
            "gradient-ascent",
            {"imagenet": CLIMBED | {"best_median": 0.5, "seen_p": 1.0, "less_certain": {"superiority": 0.5, "p": 1.0}}},
            paper.NOT,
        ),
        ("gradient-ascent", {"digits": CLIMBED | {"images": 1, "best_median": 0.1, "seen_p": 1.0}}, paper.REPRODUCED),
    ],
)
def test_verdict_on_the_rest_of_the_paper_follows_the_rule(claim: str, change: dict[str, Any], verdict: str) -> None:
    assert judge(claim, change) == verdict


SMALL = {"classes": 20, "runs": 2, "per_cell": 250.0, "generations": 250, "children": 20, "fooled": 0}
DESCRIBED = [
    *((claim, {}) for claim in MEASURED),
    ("mnist-direct", {"runs_certain_before_50": 0, "run_medians": [0.99995, 0.99995]}),
    ("imagenet-direct", SMALL),
    ("imagenet-cppn", SMALL | {"dogs_and_cats": None, "p": 0.21}),
    ("imagenet-cppn", {"median": 1.0, "baseline_median": 0.0, "superiority": 0.5, "p": 1.0}),
    ("imagenet-relatedness", UNDEFINED | {"classes": 20}),
    ("imagenet-relatedness", ONE_RUN),
    ("natural-confidence", {"images": 6, "accuracy": 1.0, "median_wrong": None}),
    ("natural-confidence", {"images": 6, "accuracy": 0.0, "median_right": None}),
    (
        "mnist-features",
        {"runs": 2, "vertical_1": {"superiority": 0.0, "p": 1.0}, "alike": {"superiority": 1.0, "p": 0.5}},
    ),
    ("small-data", {"networks": 2, "direct": STEADY | {"needed": [None, None], "correlation": -1.0, "p": 1.0}}),
    ("imagenet-repetition", NOTHING_REPEATED),
    ("imagenet-repetition", {"images": 1, "lowered": 0.0, "lowered_p": 1.0, "kept_without_one": 1.2}),
    ("transfer", NOTHING_SHOWN),
    ("transfer", NOTHING_SHOWN | {"digits_direct": SHOWN | {"share": 0.0, "shuffled": 0.0, "spread": [0.0, 0.0]}}),
    ("ensemble", {"classes": 5, "runs": 1, "per_cell": 2.0, "fooled": 0, "p": 1.0, "fool_all": 0.0}),
    ("ensemble", {"per_cell": 250.0}),
    ("retrain-mnist", {"iterations": 3, "runs": 5, "medians": [1.0, 0.0, 0.5, 1.0], "caught": 0.0}),
    ("retrain-error", {"agreement": None, "agreement_crops": None, "agreement_photographs": None}),
    ("retrain-error", {"agreement": 0.0, "called_fooling": 0.0, "error_first": 0.0}),
    (
        "retrain-imagenet",
        {"classes": 5, "per_cell": 6.0, "classes_ahead": 0, "superiority": 0.0, "p": 1.0, "caught": 0.0},
    ),
    ("gradient-ascent", {"imagenet": CLIMBED | {"images": 2, "last_with": 0.0, "seen_with": 0.0, "seen_p": 1.0}}),
    ("small-data", {"cppn": STEADY | {"correlation": -0.003}}),
    ("small-data", {"cppn": STEADY | {"p": 1 / 10_001}}),
    ("imagenet-repetition", {"images": 40, "lowered_p": 2.0**-39}),
    ("transfer", {"imagenet": SHOWN | {"images": 1}}),
    ("ensemble", {"classes": 1_000, "per_cell": 1_600.0}),
    ("retrain-mnist", {"iterations": 1, "runs": 1, "medians": [0.5, 0.6]}),
    ("retrain-error", {"iterations": 1}),
    ("retrain-imagenet", {"classes": 1_000, "per_cell": 2_000.0}),
]
# What must not be printed: something undefined, minus nothing, powers of ten, a p of 0, one with a plural.
MISPRINTS = (
    r"nan|None|inf\b|undefined|[{}]|\.\.|  |\(\)",
    r"-0\.?0*(?![.\d])",
    r"\d[eE][+-]?\d",
    r"p = 0\.0*(?!\d)",
    r"\b1 (images|runs|iterations|networks|photographs|crops|digits|generations)\b",
)


@pytest.mark.parametrize(("claim", "change"), DESCRIBED)
def test_every_description_is_a_sentence(claim: str, change: dict[str, Any]) -> None:
    check_sentence(describe(claim, **change))


def check_sentence(said: str) -> None:
    """Fail unless a description can stand in a sentence and in a cell of a table."""
    assert not [found for misprint in MISPRINTS for found in re.findall(misprint, said)]
    assert said == said.strip(" .;,") and "\n" not in said and "|" not in said  # it becomes part of a sentence, a cell
    assert said.count("(") == said.count(")")


def describe(claim: str, **change: Any) -> str:
    """Return our number of a claim in words."""
    return paper.find_claim(claim).describe(MEASURED[claim] | change)


def test_description_of_a_search_says_how_far_it_was_carried() -> None:
    assert describe("imagenet-direct") == (
        "median 21.59% after 4,000 children per cell (by run 20.00% to 23.00%), 45 of 1,000 classes ≥ 99%; "
        "random search, as many images a run: median 0.10%"
    )


def test_description_of_cppns_says_what_was_compared_and_what_was_not_tested() -> None:
    whole = describe("imagenet-cppn")
    assert "pixels, as many children per cell: median 11.00%, CPPN ahead in 876 of 1,000 classes" in whole
    assert "(probability of superiority 0.83, Mann-Whitney U, p < 0.0001, n = 1,000 classes each)" in whole
    assert whole.endswith("dogs and cats (classes 156 to 286): median 40.00%, all others 90.00%")
    small = describe("imagenet-cppn", **SMALL | {"dogs_and_cats": None})
    assert "dogs" not in small
    assert small.endswith("the number itself needs all 1,000 classes and 2,000 children per cell and was not tested")


def test_description_of_relatedness_copes_without_neighbours_and_without_a_second_run() -> None:
    assert describe("imagenet-relatedness") == (
        "median correlation of images: neighbouring classes of one run 0.31, random classes of one run -0.02 "
        "(probability of superiority 0.70, p < 0.0001), one class in two runs 0.01 "
        "(probability of superiority 0.70, p < 0.0001); permutation tests over 1,000 classes; "
        "20.0% of neighbours hold the very same image"
    )
    none = describe("imagenet-relatedness", **UNDEFINED | {"classes": 20})
    assert "neighbouring classes of one run not measured, random" in none
    assert none.endswith("no two of 20 classes are neighbours")
    nothing = {"neighbours": 0.3, "random": -0.0002, "runs": 0.0}
    assert "random classes of one run 0.00 (" in describe("imagenet-relatedness", similarity=nothing)
    assert "one class in two runs not measured; permutation tests" in describe("imagenet-relatedness", **ONE_RUN)


def test_description_of_photographs_copes_with_a_network_that_is_always_right() -> None:
    assert describe("natural-confidence") == (
        "EfficientNet-Lite0 on 50,000 labelled photographs: top-1 75%, median confidence 60.30%, "
        "86.70% when right, 33.70% when wrong"
    )
    assert describe("natural-confidence", median_wrong=None).endswith("86.70% when right, never wrong")
    assert describe("natural-confidence", median_right=None).endswith("never right, 33.70% when wrong")


def test_description_of_features_names_each_effect_and_its_test() -> None:
    said = describe("mnist-features", alike=EFFECT | {"p": 0.25})
    assert said.startswith(
        "probability of superiority (permutation tests, n = 20 runs): "
        "that a 1 is more vertical than another digit 0.90, p < 0.0001; that a 2"
    )
    assert "over runs than those of two 0.70, p = 0.2500; the last for pixel" in said
    assert said.endswith(
        "images 0.50, p = 0.5000; of random CPPNs, never bred, the first four are 0.70, 0.70, 0.70, 0.70"
    )
    assert describe("mnist-features", controls={}).endswith("images 0.50, p = 0.5000")


def test_description_of_training_sizes_says_never_where_images_never_got_there() -> None:
    said = describe("small-data")
    became = "a hypothesis of the paper, not supported from 500 to 4,000 digits: held-out error 10.0% to 3.4%; pixels: "
    assert said.startswith(became)
    assert "99.99%, in generations of 200: 12,000 to 15,000 (rank correlation 0.20, p = 0.3" in said
    assert "by permutation, n = 12 networks)" in said
    assert "20,000 to never (" in said
    assert said.endswith("final median with the most digits 99.90%")
    assert "never to never" in describe("small-data", direct=STEADY | {"needed": [None, None]})


@pytest.mark.parametrize(
    ("change", "became"),
    [
        ({"direct": PREVENTED, "cppn": PREVENTED}, "supported from"),
        ({"cppn": GROWS}, "supported in part from"),
        ({"sizes": 3}, "not judged from"),
    ],
)
def test_description_of_training_sizes_says_what_became_of_the_hypothesis(change: dict[str, Any], became: str) -> None:
    assert describe("small-data", **change).startswith(f"a hypothesis of the paper, {became} 500 to 4,000 digits: ")


def test_description_of_repetition_sets_masks_and_shuffles_beside_it() -> None:
    assert describe("imagenet-repetition") == (
        "of its confidence the median image keeps 50.0% without one element (70% under random masks of its area) and "
        "30% without half of them (lower in 90%, sign test p = 0.0099, n = 10; 60% under random masks); where an odd "
        "number is halved the other way 40% (lower in 80%, p = 0.0010); with tiles shuffled 80%, photographs 10%"
    )
    assert describe("imagenet-repetition", **NOTHING_REPEATED) == "no image of at least 50% confidence has a period"


def test_description_of_transfer_sets_shuffled_labels_beside_each_share() -> None:
    said = describe("transfer").split("; ImageNet, ")
    assert said[0].startswith(
        "digits, other initialisation: 20% of 20 images in the same class (by pair 10% to 35%; shuffled labels 10%), "
        "median confidence in it 25.00%; digits, other network: 20%"
    )
    assert said[1].startswith("other network: 100% of 2,400 showings of 1,200 images in the same class")
    assert said[1].endswith(
        "median confidence in it 99.9990%; digits, pixel images, any other network: no image at 99%"
    )
    assert describe("transfer", **NOTHING_SHOWN).count("no image at 99%") == len(TRANSFER)


def test_description_of_the_ensemble_says_what_was_not_tested() -> None:
    assert describe("ensemble") == (
        "median 65.20% after 50 children per cell (by run 60.00% to 70.00%), 1 of 20 classes ≥ 90%; as many random "
        "images a run, none of them bred: median < 0.01% (probability of superiority 0.95, Mann-Whitney U, p < 0.0001, "
        "n = 20 classes each; each class against itself, Wilcoxon's signed-rank test, p < 0.0001); before evolution "
        "bred images and random ones have 0.10% and 0.11%, bred images ahead in 9 of 20 classes (signed-rank test, "
        "p = 0.0001); all 3 networks have the class as top-1 for 40% of the images; the number itself needs all "
        "1,000 classes and 1,600 children per cell and was not tested"
    )
    full = {"classes": 1_000, "per_cell": 1_600.0}
    assert describe("ensemble", **full).endswith("for 40% of the images")
    assert describe("ensemble", **full | {"per_cell": 1_599.0}).endswith("and was not tested")
    assert describe("ensemble", **full | {"classes": 999}).endswith("and was not tested")


def test_descriptions_of_retraining_set_before_beside_after() -> None:
    assert describe("retrain-mnist") == (
        "median 99.9990% before, 99.9900% after 15 iterations of one chain (by run 99.90% to 99.9990%, n = 30 runs "
        "against the last network; lowest of all networks 95.00%; from one network to the next it rose 1 of 15 times); "
        "images still reach 99.9900% by generation 200, as the first network's images by generation 20 did: the "
        "fooling class slows evolution and does not stop it; the fooling class is 25% of the last training set; of "
        "images evolved against the network before, the median network calls 97% fooling"
    )
    said = describe("retrain-imagenet")
    assert said.startswith("median 88.11% on DNN1, 11.70% on DNN2 (by run 10.00% to 20.00%) after 50 children per cell")
    assert "; DNN1 ahead in 19 of 20 classes (probability of superiority 0.90, Mann-Whitney U, p < 0.0001, n" in said
    assert "classes each; each class against itself, Wilcoxon's signed-rank test, p = 0.0032); before evo" in said
    assert "; before evolution DNN1 and DNN2 have 0.14% and 0.07%, DNN1 ahead in 20 of 20 classes (signed-rank" in said
    assert "test, p < 0.0001), so part of the difference is not the work of evolution; of the last champions" in said
    assert "learned from, DNN2 calls 100% fooling; the numbers need all 1,000 classes and 2,000" in said
    assert "part of the difference" not in describe("retrain-imagenet", start=ALIKE)
    full = {"classes": 1_000, "per_cell": 2_000.0}
    assert describe("retrain-imagenet", **full).endswith("DNN2 calls 100% fooling")
    assert describe("retrain-imagenet", **full | {"per_cell": 1_999.0}).endswith("and were not tested")
    assert describe("retrain-imagenet", **full | {"classes": 999}).endswith("and were not tested")


def test_description_of_a_chain_says_what_slows_only_where_it_does() -> None:
    assert "by generation" not in describe("retrain-mnist", first_as_far=None)
    assert "by generation" not in describe("retrain-mnist", first_as_far=200)
    assert "as the first network's random images of generation 0 did: " in describe("retrain-mnist", first_as_far=0)
    assert "it rose 2 of 3 times" in describe("retrain-mnist", iterations=3, medians=[0.9, 0.5, 0.6, 0.7])
    stopped = describe("retrain-mnist", medians=[0.9, 0.5])
    assert "by generation 20 did;" in stopped and "does not stop" not in stopped


def test_description_of_errors_copes_without_imagenet() -> None:
    digits = (
        "digits: held-out error 3.4% before; retrained 3.0% to 5.1%, median 4.0%, the last network 5.1% (n = 15 "
        "networks of one chain, 1,000 digits); the median network calls 0.1% of the digits fooling"
    )
    assert describe("retrain-error", agreement=None) == digits
    agreement = (
        "; ImageNet: the same top-1 as before on 88% of 1,000 crops of 2 photographs of which nothing was learned"
    )
    assert describe("retrain-error") == digits + agreement
    large = describe("retrain-error", error_first=0.25, error_median=0.355, called_fooling=0.5, agreement=None)
    assert "error 25.0% before" in large and "median 35.5%, the last" in large and "calls 50.0% of the digits" in large


def test_description_of_ascent_sets_both_settings_beside_each_other_on_both_data_sets() -> None:
    imagenet, *others, digits, _, _ = describe("gradient-ascent").split("; ")
    assert imagenet == (
        "ImageNet: without L2 the best median is 99.9900% and the last 99.9990%, with L2 90.00% (without is more "
        "certain with probability 0.95, Mann-Whitney U, p = 0.0099"
    )
    assert others == [
        "before rounding to 8 bits the last median with L2 is 93.00% and the best 96.00%)",
        "another network sees the class in 5% without and 50% with L2 (Fisher's exact test, p = 0.0099, "
        "n = 20 images each)",
    ]
    assert digits.startswith("digits: ") and digits.endswith("with probability 1.00, Mann-Whitney U, p < 0.0001")


@pytest.mark.parametrize(
    ("confidence", "shown"),
    [
        (0.5, "50.00%"),
        (0.57, "57.00%"),
        (np.float32(0.9999), "99.9900%"),
        (float("nan"), "undefined"),
        (1e-9, "< 0.01%"),
        (0.99999, "99.9990%"),
        (0.9998999, "99.9900%"),
        (0.9998949, "99.9895%"),
        (0.9999999, "> 99.9999%"),
        (1.0, "> 99.9999%"),
        (0.0, "< 0.01%"),
    ],
)
def test_confidence_is_never_rounded_up_to_certainty(confidence: float, shown: str) -> None:
    assert paper.show_confidence(confidence) == shown


@pytest.mark.parametrize(
    ("p", "shown"), [(1 / 10_001, "p < 0.0001"), (0.0, "p < 0.0001"), (0.0001, "p = 0.0001"), (0.25, "p = 0.2500")]
)
def test_p_below_the_papers_is_not_told_apart_further(p: float, shown: str) -> None:
    assert paper.show_p(p) == shown


def test_unknown_claim_is_named_with_the_choices() -> None:
    with pytest.raises(ValueError, match=r"'mnist-indirect'.*mnist-direct"):
        paper.find_claim("mnist-indirect")


# In the paper's order. The second rows of a claim and what only the supplement says of photographs stand beside these.
IN_THE_PAPERS_ORDER = {
    "mnist-direct": ("§3.1", paper.QUOTE),
    "mnist-cppn": ("§3.2", paper.RECALLED),
    "mnist-features": ("§3.2", paper.QUOTE),
    "small-data": ("§3.3", paper.RECALLED),
    "imagenet-direct": ("§3.3", paper.RECALLED),
    "imagenet-cppn": ("§3.4", paper.RECALLED),
    "imagenet-repetition": ("§3.4", paper.RECALLED),
    "imagenet-relatedness": ("§3.4", paper.RECALLED),
    "transfer": ("§3.5", paper.RECALLED),
    "ensemble": ("supplement", paper.RECALLED_LESS),
    "retrain-mnist": ("§3.6", paper.RECALLED),
    "retrain-imagenet": ("§3.6", paper.RECALLED),
    "retrain-error": ("§3.6", paper.RECALLED),
    "gradient-ascent": ("§3.7", paper.RECALLED),
}
BESIDE_THEM = {
    "mnist-cppn-raw": ("§3.2", paper.RECALLED),
    "imagenet-cppn-raw": ("§3.4", paper.RECALLED),
    "natural-confidence": ("supplement", paper.RECALLED_LESS),
}


def test_every_claim_is_named_once_and_says_how_sure_we_are_of_it() -> None:
    ids = [claim.id for claim in paper.CLAIMS]
    assert len(ids) == len(set(ids))
    assert set(ids) == set(MEASURED)
    said = {claim.id: (claim.section.split(",")[0], claim.grade) for claim in paper.CLAIMS}
    assert said == IN_THE_PAPERS_ORDER | BESIDE_THEM
    quoted = [claim.id for claim in paper.CLAIMS if claim.grade == paper.QUOTE]
    assert quoted == ["mnist-direct", "mnist-features"]  # the only ones whose words were seen
    assert all(("“" in claim.sentence) == (claim.grade == paper.QUOTE) for claim in paper.CLAIMS)


def test_claims_stand_in_the_papers_order() -> None:
    ids = [claim.id for claim in paper.CLAIMS]
    assert [one for one in ids if one not in BESIDE_THEM] == list(IN_THE_PAPERS_ORDER)
    for one in ("mnist-cppn", "imagenet-cppn"):
        assert ids.index(f"{one}-raw") == ids.index(one) + 1


@pytest.mark.parametrize("claim", paper.CLAIMS, ids=lambda claim: claim.id)
def test_a_claim_is_a_sentence_and_its_number_fits_a_cell(claim: paper.Claim) -> None:
    assert claim.sentence.strip("“")[0].isupper() and claim.sentence.strip("”").endswith(".")
    assert claim.number == claim.number.strip(" .;,") and "|" not in claim.number + claim.sentence
    assert "  " not in claim.sentence and claim.sentence.count("“") == claim.sentence.count("”")
