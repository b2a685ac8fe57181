"""The claim about fewer images: which arms help, what is chosen, the aims at their thresholds, the words."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from fooling.confidence import to_log_odds
from fooling.evolution.search import SearchSettings
from fooling.pages.claim import SUPPORTED, UNSUPPORTED, UNTESTED
from fooling.pages.fewer_images.claim import (
    ARMS,
    CHOSEN,
    CLAIM,
    COMBINED,
    CPPNS,
    GRADIENT,
    LEAST,
    MIDDLE,
    PAPER,
    PIXELS,
    SIZES,
    FewerFound,
    Trial,
    find_aim,
    judge,
    list_aims,
    merge,
    tabulate_arms,
)
from fooling.pages.fewer_images.figures import draw_arms


def make_trial(medians: dict[str, tuple[float, ...]], images: int = 20_000, network: str = "LeNet") -> Trial:
    return Trial(network, images, LEAST if network == "LeNet" else MIDDLE, {PAPER: (1.0, 2.0, 3.0), **medians})


def test_an_arm_helps_if_it_is_ahead_on_every_seed_and_the_best_comes_first() -> None:
    trial = make_trial(
        {
            "weak cells": (1.1, 2.1, 3.1),
            "three mutations": (9.0, 9.0, 3.0),  # equal on the last seed
            "library": (4.0, 5.0, 6.0),
            GRADIENT: (7.0, 8.0, 9.0),
            COMBINED: (5.0, 5.0, 5.0),
        }
    )
    assert trial.helping == ("library", "weak cells")
    assert trial.chosen == ("three mutations",), "the best by its median seed, though it does not help on every one"


def test_of_arms_that_set_the_same_number_the_better_one_stays() -> None:
    trial = make_trial(
        {
            "longer steps": (2.0, 3.0, 4.0),
            "changes that fade": (3.0, 4.0, 5.0),
            "more changes": (2.5, 3.5, 4.5),
            "sure cells": (1.5, 2.5, 3.5),
        }
    )
    assert trial.helping == ("changes that fade", "sure cells")
    assert merge(trial.helping) == {"strength": 2.0, "rate": 3.0, "fading": 25, "pressure": -1}


@pytest.mark.parametrize(
    ("together", "chosen"),
    [((3.0, 3.0, 3.0), ("library", "weak cells")), ((2.2, 2.2, 2.2), ("library",))],
    ids=["better together", "better alone"],
)
def test_what_helps_together_is_chosen_where_it_is_best(together: Any, chosen: tuple[str, ...]) -> None:
    trial = make_trial({"weak cells": (1.1, 2.1, 3.1), "library": (1.2, 2.5, 3.2), COMBINED: together})
    assert trial.chosen == chosen


def test_the_papers_search_is_chosen_where_nothing_is_better_and_the_gradient_never_is() -> None:
    trial = make_trial({"weak cells": (0.0, 1.0, 2.0), GRADIENT: (9.0, 9.0, 9.0)})
    assert trial.helping == trial.chosen == () and merge(trial.chosen) == {}


def test_the_papers_search_the_gradient_and_the_better_half_of_the_rest_go_on() -> None:
    others = {"weak cells": (1.0, 1.0, 9.0), "library": (1.0, 4.0, 4.0), "longer steps": (0.0, 3.0, 9.0)}
    trial = make_trial({**others, COMBINED: (9.0, 9.0, 9.0), GRADIENT: (0.0, 0.0, 0.0)})
    assert trial.better == (PAPER, "library", GRADIENT)


def test_arms_are_searches_and_together_all_of_those_of_an_encoding_are() -> None:
    assert (
        {*PIXELS, *CPPNS} == ARMS.keys()
        and GRADIENT in CPPNS
        and GRADIENT not in PIXELS
        and PIXELS[0] == CPPNS[0] == PAPER
    )
    for arm in ARMS.values():
        SearchSettings(**{part: value for part, value in arm.items() if part not in ("children", "crossed")})
    assert all(set(sizes.arms) <= set(PIXELS) and sizes.arms[0] == PAPER for sizes in SIZES.values())


def make_modern(*median_seed: float) -> Trial:
    ends = {name: (0.01, value, 0.9) for name, value in zip((CHOSEN, PAPER), median_seed, strict=True)}
    log_odds = {name: tuple(float(to_log_odds(value)) for value in part) for name, part in ends.items()}
    return Trial("EfficientNet-Lite0", 20_000, MIDDLE, log_odds)


TRIAL = make_trial({"weak cells": (0.0, 0.0, 0.0), "library": (2.0, 3.0, 4.0)})
FOUND = FewerFound(
    data="mnist",
    digits=TRIAL,
    certain=((None, None, None), (9_000.0, 15_000.0, 8_000.0)),
    imagenet=tuple(
        make_trial({"library": (0.0, 3.0, 4.0)}, images=images, network="SqueezeNet") for images in (20_000, 40_000)
    ),
    reached=((120_000.0, None, 110_000.0), (80_000.0, 70_000.0, None), (24_000.0,) * 3),
    modern=make_modern(0.0401, 0.02),
)


def test_each_network_has_an_aim_of_its_own() -> None:
    aims = {"LeNet": 0.9999, "SqueezeNet": 0.8811, "EfficientNet-Lite0": pytest.approx(0.04, rel=1e-4)}
    assert {network: find_aim(FOUND, network) for network in aims} == aims


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, SUPPORTED),
        ({"certain": ((None,), (9_000.0, 15_001.0))}, UNSUPPORTED),
        ({"certain": ((9_000.0,), (9_000.0, None))}, UNSUPPORTED),
        ({"reached": ((120_000.0,), (80_001.0,), (24_000.0,))}, UNSUPPORTED),
        ({"reached": ((120_000.0,), (None,), (24_000.0,))}, UNSUPPORTED),
        ({"reached": ((120_000.0,), (80_000.0,), (24_001.0,))}, UNSUPPORTED),
        ({"reached": ((None,), (80_000.0,), (24_000.0,))}, UNTESTED),  # there is nothing to take two thirds of
        ({"modern": make_modern(0.0399, 0.02)}, UNSUPPORTED),
        ({"modern": None}, UNTESTED),
        ({"imagenet": FOUND.imagenet[:1]}, UNTESTED),
        ({"imagenet": (), "reached": None, "modern": None}, UNTESTED),
        ({"imagenet": (), "reached": None, "modern": None, "certain": ((None,), (15_001.0,))}, UNSUPPORTED),
        ({"digits": replace(TRIAL, images=19_999)}, UNTESTED),
        ({"digits": replace(TRIAL, ends={PAPER: (1.0, 2.0)})}, UNTESTED),
    ],
)
def test_all_four_aims_are_met_at_their_thresholds_and_not_beyond(changed: Any, verdict: str) -> None:
    assert judge(replace(FOUND, **changed)) == verdict


def test_by_the_rule_before_all_aims_had_to_be_tried() -> None:
    missed = replace(FOUND, certain=((None,), (15_001.0,)))
    assert CLAIM.before is not None
    assert CLAIM.before(missed) == judge(missed) == UNSUPPORTED
    untried = replace(missed, imagenet=(), reached=None, modern=None)
    assert (judge(untried), CLAIM.before(untried)) == (UNSUPPORTED, UNTESTED)


def test_the_record_survives_json_and_every_aim_is_told_apart() -> None:
    kept = json.dumps(msgspec.to_builtins(FOUND), sort_keys=True)  # as a page writes it
    again = msgspec.convert(json.loads(kept), FewerFound)
    assert again == FOUND and CLAIM.rows(again) == CLAIM.rows(FOUND)
    assert list(list_aims(FOUND).values()) == [True] * 4
    assert list(list_aims(replace(FOUND, reached=None, modern=None)).values()) == [True, None, None, None]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"imagenet": (), "reached": None, "modern": None},
        {"certain": ((None,), (None,))},
        {"reached": ((None,),) * 3},
    ],
    ids=["whole", "digits", "never certain", "never reached"],
)
def test_words_are_one_short_sentence_over_a_table(check_words: Any, changed: Any) -> None:
    check_words(CLAIM, replace(FOUND, **changed))


def test_the_headline_counts_the_aims_that_were_tried() -> None:
    assert CLAIM.headline(FOUND).endswith("the paper's more than 20,000; 4 of 4 aims tried are met.")
    missed = replace(FOUND, certain=((None,), (15_001.0,)), reached=None, modern=None)
    assert CLAIM.headline(missed).endswith("; none of 1 aim tried is met.")


def test_every_arm_is_told_whether_it_helps_or_not() -> None:
    rows = {what: here for what, here, _ in CLAIM.rows(FOUND)}
    told = [[part.strip() for part in line.split("|")[1:-1]] for line in tabulate_arms(FOUND.trials).splitlines()]
    arms = {row[0]: dict(zip(told[0], row, strict=True)) for row in told}
    assert arms["library"]["LeNet, 20,000 images"] == "95.26%; +1.00, 3 of 3"
    assert arms["library"]["SqueezeNet, 40,000 images"] == "95.26%; +1.00, 2 of 3"
    assert arms[PAPER]["LeNet, 20,000 images"] == "88.08% in the least certain class"
    assert rows["LeNet, 20,000 images: ahead on every seed"] == rows["LeNet, 20,000 images: chosen"] == "library"
    assert rows["SqueezeNet, 40,000 images: behind on every seed"] == "none"
    assert rows["images to all ten digits at 99.99%, chosen"] == "9,000 (8,000 to 15,000; 3 of 3 runs)"
    assert rows["of these within 15,000, chosen"] == "3 of 3 runs"
    assert (
        rows["images to ImageNet's median at 88.11%, the paper's search"] == "120,000 (110,000 to 120,000; 2 of 3 runs)"
    )
    assert rows["images to ImageNet's median at 88.11%, chosen"] == "80,000 (70,000 to 80,000; 2 of 3 runs)"
    never = replace(FOUND, reached=((120_000.0,) * 3, *((None,) * 3,) * 2))
    told_never = {what: here for what, here, _ in CLAIM.rows(never)}
    assert told_never["images to ImageNet's median at 88.11%, chosen"] == "more than 80,000 (0 of 3 runs)"
    assert (
        told_never["images to ImageNet's median at 88.11%, chosen, with the gradient"]
        == "more than 24,000 (0 of 3 runs)"
    )
    assert CLAIM.scale(FOUND).startswith("LeNet, 3 searches × 3 seeds, 20,000 images a run; ")
    assert "; EfficientNet-Lite0, 2 searches × 3 seeds, 20,000 images a run; aims on LeNet, 2 " in CLAIM.scale(FOUND)
    assert CLAIM.scale(FOUND).endswith("; aims on SqueezeNet, 3 searches × 3 seeds, up to 160,000 images")


def test_the_arms_of_every_comparison_stand_side_by_side_and_nothing_is_cut() -> None:
    ends = dict.fromkeys(CPPNS, (0.0, 1.0))
    drawn = draw_arms([replace(trial, ends=ends) for trial in FOUND.trials])
    assert len(drawn.axes) == len(FOUND.trials) == 3
    renderer = FigureCanvasAgg(drawn).get_renderer()
    drawn.draw(renderer)
    titles = [spot.title.get_window_extent(renderer) for spot in drawn.axes]
    assert all(one.x1 < other.x0 for one, other in itertools.pairwise(titles))
    whole = drawn.get_tightbbox(renderer)
    assert whole.x0 >= 0 and whole.x1 <= drawn.get_figwidth(), "inches"
