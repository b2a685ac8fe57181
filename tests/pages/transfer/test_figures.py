"""Figures of page 10 carry their numbers."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fooling.networks.answers import Transfer
from fooling.pages.transfer.figures import (
    arrange_examples,
    draw_examples,
    draw_other_confidences,
    draw_own_against_other,
    draw_transfer_matrices,
)
from fooling.pages.transfer.pairs import Pair, compare_pairs
from fooling.pages.transfer.showing import Shown

HIGH, LOW = 6.0, -6.0  # log-odds of 99.75% and 0.25%
Make = Callable[..., Transfer]


def without_images(pair: Pair) -> Pair:
    return pair._replace(agrees=pair.agrees[:0], log_odds=pair.log_odds[:0], shuffled=None)


def make_shown(answers: Transfer, everywhere: np.ndarray, alone: np.ndarray, images: np.ndarray) -> Shown:
    return Shown(answers, None, everywhere, alone, images)


def test_matrix_shows_share_chance_and_count_where_images_evolved_and_are_shown(make_answers: Make, show: Any) -> None:
    pairs = compare_pairs(make_answers({(0, 1): 0.5, (0, 2): 0.25, (1, 0): 0.75, (1, 2): 0.0}))
    figure = draw_transfer_matrices({"CPPN": pairs, "pixels": list(map(without_images, pairs))})
    texts = {
        (round(text.get_position()[0]), round(text.get_position()[1])): text.get_text()
        for text in figure.axes[0].texts[::2]
    }
    assert texts == {(1, 0): "50%", (2, 0): "25%", (0, 1): "75%", (2, 1): "0%"}
    assert "shuffled 20%\n40 images" in [text.get_text() for text in figure.axes[0].texts]
    assert "LeNet to ReLU network 25% of 40" in figure.alt
    assert (figure.get_supxlabel(), figure.get_supylabel()) == ("shown to", "evolved on")
    show(figure)


def test_strips_have_a_dot_per_image_filled_where_the_class_is_kept(make_answers: Make, show: Any) -> None:
    pairs = compare_pairs(make_answers(0.25))
    figure = draw_other_confidences({"CPPN": pairs, "pixels": list(map(without_images, pairs))})
    assert [len(part.get_offsets()) for part in figure.axes[0].collections] == [10, 30] * 6
    assert [text.get_text() for text in figure.axes[1].texts] == ["no images"] * 6
    assert "median 0.25%" in figure.alt and not figure.get_supxlabel()
    show(figure)


def test_strips_have_the_middle_half_of_the_images_and_their_median(make_answers: Make) -> None:
    pair = compare_pairs(make_answers({(0, 1): 0.5}))[0]._replace(log_odds=np.linspace(-8, 8, 40, dtype=np.float32))
    middle, median = draw_other_confidences({"CPPN": [pair]}).axes[0].get_lines()
    np.testing.assert_allclose(middle.get_xdata(), [-4.0, 4.0], atol=1e-5)
    np.testing.assert_allclose(median.get_xdata(), [0.0, 0.0], atol=1e-5)


def test_dots_beyond_the_axis_are_counted_below_it(make_answers: Make, show: Any) -> None:
    pairs = compare_pairs(make_answers({(0, 1): 0.5, (0, 2): 0.25}))
    pairs[0].log_odds[:3] = 36.1, 60.0, -40.0
    figure = draw_other_confidences({"CPPN": pairs})
    assert figure.get_supxlabel().startswith("3 of 80 dots lie beyond log-odds of ±36")
    across = np.concatenate([part.get_offsets()[:, 0] for part in figure.axes[0].collections])
    assert np.abs(across).max() == 36.0
    show(figure)


def test_own_confidence_stands_across_and_the_others_upwards(make_answers: Make, show: Any) -> None:
    answers = make_answers({(0, 1): 0.5, (0, 2): 0.25})
    others = {pair.other: pair for pair in compare_pairs(answers, 0.0)}
    figure = draw_own_against_other(answers.own, others, "LeNet", 0.99)
    kept, lost = figure.axes[1].collections
    assert len(kept.get_offsets()) == 10 and len(lost.get_offsets()) == 30
    np.testing.assert_allclose(lost.get_offsets()[0], [HIGH, LOW], rtol=1e-4)
    assert "25% keep their class" in figure.alt
    show(figure)


@pytest.mark.parametrize("side", [28, 224])
def test_examples_stand_under_each_other_with_every_networks_confidence(
    make_answers: Make, side: int, show: Any
) -> None:
    answers = make_answers({(0, 1): 0.5, (0, 2): 0.5})
    images = np.random.default_rng(0).integers(0, 256, (5, side, side, 1), dtype=np.uint8)
    shown = make_shown(answers, np.array([3, 1, 0]), np.array([24, 22]), images)
    rows = arrange_examples(shown, "abcde", ["A", "B", ""])
    assert [row.names for row in rows] == [["a", "b", "d"], ["c", "e"]]  # in the order of classes
    np.testing.assert_array_equal(rows[0].images[0], images[2])
    figure = draw_examples(rows)
    assert figure.axes[0].get_xlabel() == "a\n• A 99.75%\nB 99.75%\n99.75%"
    assert figure.axes[5].get_xlabel() == "c\n• A 99.75%\nB 0.25%\n0.25%"
    assert figure.axes[0].images[0].get_interpolation() == "auto"
    width = Image.open(io.BytesIO(show(figure))).width
    assert width == 2 * 946 if side == 28 else 946 <= width < 2 * 946  # noise takes more room


@pytest.mark.parametrize("empty", [0, 1])
def test_a_row_without_examples_is_a_line_below_and_widens_no_column(make_answers: Make, empty: int, show: Any) -> None:
    answers = make_answers({(0, 1): 0.5, (0, 2): 0.5})
    images = np.random.default_rng(0).integers(0, 256, (10, 28, 28, 1), dtype=np.uint8)
    places = [np.arange(10), np.zeros(0, np.int64)]
    shown = make_shown(answers, places[empty], places[1 - empty], images)
    figure = draw_examples(arrange_examples(shown, "abcde", ["", "", ""]))
    assert figure.get_supxlabel() == ("fool all 3", "fool only their own")[1 - empty] + ": no such image"
    assert len(figure.axes) == 10 and all(spot.images for spot in figure.axes)
    show(figure)
    figure.draw_without_rendering()  # which lays it out
    left = np.array([spot.get_position().x0 for spot in figure.axes])
    np.testing.assert_allclose(np.diff(left), np.diff(left)[0], rtol=0.02)
    captions = [spot.xaxis.label.get_window_extent() for spot in figure.axes]
    assert all(one.x1 < other.x0 for one, other in itertools.pairwise(captions)), "captions do not meet"
    assert captions[-1].x1 <= figure.bbox.x1


def test_no_examples_are_said_to_be_none(make_answers: Make, show: Any) -> None:
    nothing = np.zeros(0, np.int64)
    shown = make_shown(make_answers({(0, 1): 0.5}, networks=2), nothing, nothing, np.zeros((0, 8, 8, 3), np.uint8))
    figure = draw_examples(arrange_examples(shown, "abcde", ["A", "B"]))
    assert figure.get_supxlabel() == "fool all 2: no such image\nfool only their own: no such image"
    assert "no image: fool all 2" in figure.alt
    assert Image.open(io.BytesIO(show(figure))).height < 300
