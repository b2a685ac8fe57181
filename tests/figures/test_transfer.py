"""What the page about other networks counts and draws: closed forms, and figures that carry their numbers."""

from __future__ import annotations

import base64
import io
import itertools
import warnings

import numpy as np
import pytest
from PIL import Image

from fooling import figures
from fooling.networks.answers import Transfer
from fooling.pages import findings
from fooling.pages.findings.transfer import expect_shuffled
from fooling.pages.paper.transfer import describe_ensemble, describe_transfer, judge_ensemble, judge_transfer
from fooling.pages.transfer import Shown

CLASSES = 5
HIGH, LOW = 6.0, -6.0  # log-odds of 99.75% and 0.25%


def make_answers(kept: dict[tuple[int, int], float], count: int = 40, networks: int = 3) -> Transfer:
    """Return answers of networks: of ``count`` images from ``source``, ``kept[source, other]`` keep their class."""
    sources = np.repeat(sorted({source for source, _ in kept}), count)
    targets = np.tile(np.arange(count) % CLASSES, len(sources) // count)
    agrees = np.ones((networks, len(sources)), bool)
    for (source, other), share in kept.items():
        agrees[other, sources == source] = np.arange(count) < round(share * count)
    top = np.where(agrees, targets, (targets + 1) % CLASSES)
    log_odds = np.where(agrees, HIGH, LOW).astype(np.float32)
    names = ("LeNet", "LeNet, other initialisation", "ReLU network")[:networks]
    return Transfer(names, sources, targets, log_odds, top, np.full(agrees.shape, 0.9975, np.float32))


def all_pairs(share: float) -> dict[tuple[int, int], float]:
    return dict.fromkeys(itertools.permutations(range(3), 2), share)


def without_images(pair: findings.Pair) -> findings.Pair:
    return pair._replace(agrees=pair.agrees[:0], log_odds=pair.log_odds[:0], shuffled=None)


def show(figure: figures.Figure) -> Image.Image:
    """Return the picture as a notebook would get it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data, _ = figure._repr_mimebundle_()
    assert len(figure.alt) > 30
    return Image.open(io.BytesIO(base64.b64decode(data["image/png"])))


def test_shuffled_share_of_uniform_classes_is_one_in_as_many() -> None:
    every = np.arange(1000)
    assert expect_shuffled(every % CLASSES, np.roll(every, 3) % CLASSES) == pytest.approx(1 / CLASSES)
    assert expect_shuffled(np.zeros(9, int), np.zeros(9, int)) == 1.0
    assert expect_shuffled(np.zeros(9, int), np.full(9, 7)) == 0.0
    assert expect_shuffled(np.zeros(0, int), np.zeros(0, int)) is None


def test_shuffled_share_is_the_mean_over_all_orders() -> None:
    targets, answers = np.array([0, 0, 1, 2, 4]), np.array([0, 2, 2, 1, 3])
    by_hand = [(np.array(order) == answers).mean() for order in itertools.permutations(targets)]
    assert expect_shuffled(targets, answers) == pytest.approx(np.mean(by_hand))


def test_pairs_hold_each_networks_own_images_against_every_other() -> None:
    shares = {(0, 1): 0.5, (0, 2): 0.25, (1, 0): 0.75, (1, 2): 0.0, (2, 0): 1.0, (2, 1): 0.1}
    pairs = findings.compare_pairs(make_answers(shares))
    names = make_answers(shares).networks
    assert {(pair.source, pair.other): pair.share for pair in pairs} == {
        (names[source], names[other]): share for (source, other), share in shares.items()
    }
    kept_none = next(pair for pair in pairs if pair.share == 0.0)
    assert kept_none.shuffled == pytest.approx(1 / CLASSES)  # moved by one class, but as uniform as before
    np.testing.assert_array_equal(kept_none.log_odds, np.float32(LOW))


def test_only_images_that_their_own_network_is_certain_of_count() -> None:
    answers = make_answers(all_pairs(0.5))
    answers.log_odds[answers.sources, np.arange(120)] = np.where(np.arange(120) % 4, np.log(99.1), np.log(98.9))
    assert [pair.agrees.size for pair in findings.compare_pairs(answers)] == [30] * 6
    assert [pair.agrees.size for pair in findings.compare_pairs(answers, 0.5)] == [40] * 6
    with pytest.raises(ValueError, match="from 0 to 1"):
        findings.compare_pairs(answers, 99)


def test_a_network_that_answers_with_nan_is_named() -> None:
    answers = make_answers(all_pairs(0.5))
    answers.log_odds[2, 7] = np.nan
    with pytest.raises(ValueError, match="ReLU network answers with confidences that are not numbers"):
        findings.compare_pairs(answers)


def test_pooled_pairs_count_an_image_once_and_every_showing() -> None:
    part = findings.summarise_pairs(findings.compare_pairs(make_answers({(0, 1): 0.5, (0, 2): 0.1})))
    assert (part["images"], part["showings"]) == (40, 80)
    assert part["share"] == pytest.approx(0.3) and part["spread"] == pytest.approx([0.1, 0.5])
    assert part["median"] == pytest.approx(1 / (1 + np.exp(6.0)))
    assert part["shuffled"] == pytest.approx(0.2, abs=0.05)


def test_larger_pairs_weigh_more() -> None:
    many, few = make_answers({(0, 1): 1.0}, count=30, networks=2), make_answers({(1, 0): 0.0}, count=10, networks=2)
    joined = Transfer(many.networks, *(np.concatenate(parts, axis=-1) for parts in zip(many[1:], few[1:], strict=True)))
    part = findings.summarise_pairs(findings.compare_pairs(joined))
    assert (part["images"], part["share"], part["spread"]) == (40, 0.75, [0.0, 1.0])


def test_without_images_nothing_is_claimed_and_nothing_is_nan() -> None:
    answers = make_answers(all_pairs(0.5))._replace(log_odds=np.full((3, 120), LOW, np.float32))
    part = findings.summarise_pairs(findings.compare_pairs(answers))
    assert part == {"images": 0, "showings": 0, "share": None, "shuffled": None, "spread": None, "median": None}
    assert findings.compare_pairs(answers)[0].share is None
    assert "| kind | 0 | – |" in findings.tabulate_answers({"kind": (answers, 0.99)})


class Search:
    """A finished search of two runs, as the findings read it."""

    classes = tuple(range(20))
    generations, children = 50, 20

    def __init__(self, log_odds: float) -> None:
        self.log_odds = np.full((2, 20), log_odds, np.float32) + np.linspace(0, 1, 20, dtype=np.float32)
        self.history = self.log_odds[:, None].repeat(51, axis=1)


def test_metrics_are_what_the_rule_of_transfer_reads() -> None:
    cppn, direct = make_answers(all_pairs(0.5)), make_answers(all_pairs(0.1))
    imagenet = make_answers({(0, 1): 0.6, (0, 2): 0.4})
    metrics = findings.summarise_transfer(cppn, direct, imagenet, Search(0.0), (4, 200, 200), "[−1, 1]")
    assert metrics["digits_initialisation"]["images"] == 80 and metrics["digits_initialisation"]["showings"] == 80
    assert metrics["digits_shape"]["images"] == 120 and metrics["digits_shape"]["showings"] == 160
    assert metrics["imagenet"]["spread"] == pytest.approx([0.4, 0.6])
    assert judge_transfer(metrics) == "reproduced"
    assert "digits, other initialisation: 50% of 80 images" in describe_transfer(metrics)
    assert "ImageNet, other network: 50% of 80 showings of 40 images" in describe_transfer(metrics)
    assert metrics["scale"].endswith("coordinates of CPPN images [−1, 1]")
    low = findings.summarise_transfer(direct, cppn, imagenet, Search(0.0), (4, 200, 200), "[−1, 1]")
    assert judge_transfer(low) == "partly reproduced"  # only on ImageNet
    assert "4 runs × 5 classes, 200 generations" in metrics["scale"]


def test_metrics_are_what_the_rule_of_the_ensemble_reads() -> None:
    agrees = np.zeros((4, 40), bool)
    agrees[0], agrees[1:, :10], agrees[1, 10:30] = True, True, True
    answers = make_answers({(0, 1): 1.0}, networks=2)._replace(
        networks=("mean", "A", "B", "C"), top=np.where(agrees, np.tile(np.arange(40) % CLASSES, (4, 1)), 99)
    )
    metrics = findings.summarise_ensemble(Search(2.0), Search(-8.0), answers, "mean", "[−1, 1]")
    assert metrics["paired_p"] == pytest.approx(2.0**-19)  # all of 20 classes ahead
    assert metrics["start"]["classes_ahead"] == 20 and metrics["start"]["medians"][0] > 0.5
    assert metrics["scale"].endswith("mean, one crop; coordinates [−1, 1]")
    assert (metrics["networks"], metrics["fool_all"], metrics["superiority"]) == (3, 0.25, 1.0)
    assert metrics["fooled"] == int((1 / (1 + np.exp(-Search(2.0).log_odds[0])) >= 0.9).sum()) > 0
    assert metrics["p"] < 1e-4 and metrics["per_cell"] == 50
    assert judge_ensemble(metrics) == "partly reproduced"
    assert "all 3 networks" in describe_ensemble(metrics)
    with pytest.raises(ValueError, match="40"):
        findings.summarise_ensemble(Search(2.0), Search(-8.0), make_answers({(0, 1): 1.0}, 30, 2), "mean", "[−1, 1]")


def test_images_that_fool_all_and_no_other_are_counted() -> None:
    counted = findings.count_fooled(make_answers({(0, 1): 0.5, (0, 2): 0.25}))
    assert tuple(counted) == (40, 10, 20)


def test_table_counts_images_and_showings_and_leaves_out_what_adds_nothing() -> None:
    answers = make_answers({(0, 1): 0.5, (0, 2): 0.25})
    rows = {"certain": (answers, 0.99), "all": (answers, 0.0), "others": (make_answers({(0, 1): 0.5}), 0.0)}
    lines = findings.tabulate_answers(rows, "images × networks").splitlines()
    assert lines[0].startswith("|  | images × networks | showings | another network keeps the class |")
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| certain", "| others"]
    assert lines[2].startswith("| certain | 40 | 80 | 38% | 25% to 50% |")
    none = findings.tabulate_answers({"certain": (answers, 0.999), "surest": (answers, 0.9999)})
    assert none.count("| 0 | – |") == 2, "none is no repetition"


def test_random_images_are_counted_for_each_network() -> None:
    answers = make_answers({(0, 1): 1.0, (1, 0): 1.0}, networks=2)
    answers.targets[answers.sources == 1] = 3
    answers.log_odds[1, 40:50] = LOW
    first, second = findings.count_certain(answers)
    assert (first.network, first.images, first.share) == ("LeNet", 40, 1.0)
    assert (second.share, second.commonest, second.commonest_share) == (0.75, 3, 1.0)


def test_matrix_shows_share_chance_and_count_where_images_evolved_and_are_shown() -> None:
    pairs = findings.compare_pairs(make_answers({(0, 1): 0.5, (0, 2): 0.25, (1, 0): 0.75, (1, 2): 0.0}))
    figure = figures.draw_transfer_matrices({"CPPN": pairs, "pixels": list(map(without_images, pairs))})
    texts = {
        (round(text.get_position()[0]), round(text.get_position()[1])): text.get_text()
        for text in figure.axes[0].texts[::2]
    }
    assert texts == {(1, 0): "50%", (2, 0): "25%", (0, 1): "75%", (2, 1): "0%"}
    assert "shuffled 20%\n40 images" in [text.get_text() for text in figure.axes[0].texts]
    assert "LeNet to ReLU network 25% of 40" in figure.alt
    show(figure)


def test_strips_have_a_dot_per_image_filled_where_the_class_is_kept() -> None:
    pairs = findings.compare_pairs(make_answers(all_pairs(0.25)))
    figure = figures.draw_other_confidences({"CPPN": pairs, "pixels": list(map(without_images, pairs))})
    assert [len(part.get_offsets()) for part in figure.axes[0].collections] == [10, 30] * 6
    assert [text.get_text() for text in figure.axes[1].texts] == ["no images"] * 6
    assert "median 0.25%" in figure.alt and not figure.get_supxlabel()
    show(figure)


def test_dots_beyond_the_axis_are_counted_below_it() -> None:
    pairs = findings.compare_pairs(make_answers({(0, 1): 0.5, (0, 2): 0.25}))
    pairs[0].log_odds[:3] = 36.1, 60.0, -40.0
    figure = figures.draw_other_confidences({"CPPN": pairs})
    assert figure.get_supxlabel().startswith("3 of 80 dots lie beyond log-odds of ±36")
    across = np.concatenate([part.get_offsets()[:, 0] for part in figure.axes[0].collections])
    assert np.abs(across).max() == 36.0
    show(figure)


def test_own_confidence_stands_across_and_the_others_upwards() -> None:
    answers = make_answers({(0, 1): 0.5, (0, 2): 0.25})
    others = {pair.other: pair for pair in findings.compare_pairs(answers, 0.0)}
    figure = figures.draw_own_against_other(answers.own, others, "LeNet", 0.99)
    kept, lost = figure.axes[1].collections
    assert len(kept.get_offsets()) == 10 and len(lost.get_offsets()) == 30
    np.testing.assert_allclose(lost.get_offsets()[0], [HIGH, LOW], rtol=1e-4)
    assert "25% keep their class" in figure.alt
    show(figure)


@pytest.mark.parametrize("side", [28, 224])
def test_examples_stand_under_each_other_with_every_networks_confidence(side: int) -> None:
    answers = make_answers({(0, 1): 0.5, (0, 2): 0.5})
    images = np.random.default_rng(0).integers(0, 256, (5, side, side, 1), dtype=np.uint8)
    shown = Shown(answers, np.array([3, 1, 0]), np.array([24, 22]), images, None)
    rows = figures.read_examples(shown, "abcde", ["A", "B", ""])
    assert [row.names for row in rows] == [["a", "b", "d"], ["c", "e"]]  # in the order of classes
    np.testing.assert_array_equal(rows[0].images[0], images[2])
    figure = figures.draw_examples(rows)
    assert figure.axes[0].get_xlabel() == "a\n• A 99.75%\nB 99.75%\n99.75%"
    assert figure.axes[5].get_xlabel() == "c\n• A 99.75%\nB 0.25%\n0.25%"
    assert figure.axes[0].images[0].get_interpolation() == "nearest"
    assert show(figure).width == 946


@pytest.mark.parametrize("empty", [0, 1])
def test_a_row_without_examples_is_a_line_below_and_widens_no_column(empty: int) -> None:
    answers = make_answers({(0, 1): 0.5, (0, 2): 0.5})
    images = np.random.default_rng(0).integers(0, 256, (10, 28, 28, 1), dtype=np.uint8)
    places = [np.arange(10), np.zeros(0, np.int64)]
    shown = Shown(answers, places[empty], places[1 - empty], images, None)
    figure = figures.draw_examples(figures.read_examples(shown, "abcde", ["", "", ""]))
    assert figure.get_supxlabel() == ("fool all 3", "fool only their own")[1 - empty] + ": no such image"
    assert len(figure.axes) == 10 and all(spot.images for spot in figure.axes)
    show(figure)  # which also lays it out
    left = np.array([spot.get_position().x0 for spot in figure.axes])
    np.testing.assert_allclose(np.diff(left), np.diff(left)[0], rtol=0.02)
    captions = [spot.xaxis.label.get_window_extent() for spot in figure.axes]
    assert all(one.x1 < other.x0 for one, other in itertools.pairwise(captions)), "captions do not meet"
    assert captions[-1].x1 <= figure.bbox.x1


def test_no_examples_are_said_to_be_none() -> None:
    nothing = np.zeros(0, np.int64)
    shown = Shown(make_answers({(0, 1): 0.5}, networks=2), nothing, nothing, np.zeros((0, 8, 8, 3), np.uint8), None)
    figure = figures.draw_examples(figures.read_examples(shown, "abcde", ["A", "B"]))
    assert figure.get_supxlabel() == "fool all 2: no such image\nfool only their own: no such image"
    assert "no image: fool all 2" in figure.alt
    assert show(figure).height < 300
