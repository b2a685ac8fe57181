"""Figures carry the numbers that they were given, alternative text, and draw without a warning."""

from __future__ import annotations

import base64
import io
import itertools
import re
import warnings

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from fooling.confidence import Calibration
from fooling.encodings.cppn_graph import CppnGenomes
from fooling.figures.classes import draw_confidence_histogram
from fooling.figures.curves import draw_class_curves, draw_curves, draw_first_generations, draw_search_curves
from fooling.figures.graphs import Graph, draw_champion_graphs, find_levels, place_nodes, read_graph
from fooling.figures.images import (
    draw_champions,
    draw_descent,
    draw_gallery,
    draw_images,
    draw_photographs,
    shrink_image,
)
from fooling.figures.networks import draw_confidence_shares, draw_reliability
from fooling.figures.style import COLOURS, Figure, choose_ink, shade, show_pixels, start_figure
from fooling.networks.assessment import Assessment

NAMES = ("zero", "one", "two")


@pytest.fixture
def history() -> np.ndarray:
    """Log-odds of four runs, six generations and three classes, ending between 5 and 20."""
    start, end = np.full((4, 3), -8.0), np.linspace(5, 20, 12).reshape(4, 3)
    return np.stack([start + (end - start) * part for part in np.linspace(0, 1, 6)], axis=1).astype(np.float32)


def show(figure: Figure) -> bytes:
    """Return the picture as a notebook would get it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data, metadata = figure._repr_mimebundle_()
    ((kind, about),) = metadata.items()
    assert about["alt"] == data["text/plain"] == figure.alt
    assert len(figure.alt) > 30
    picture = base64.b64decode(data[kind])
    drawn = Image.open(io.BytesIO(picture))
    assert Image.MIME[drawn.format] == kind and drawn.size == pytest.approx(
        (2 * about["width"], 2 * about["height"]), abs=1
    )
    return picture


def test_a_figure_tells_to_a_pixel_where_its_images_are() -> None:
    drawn, axes = start_figure(3.0, "A line of the test, an image and a matrix with its scale.", ncols=3)
    axes[0, 0].plot([0, 1])
    assert drawn._repr_mimebundle_()[1]["image/png"]["images"] == []
    show_pixels(axes[0, 1], np.full((5, 5, 3), (255, 0, 0), np.uint8))
    drawn.colorbar(axes[0, 2].imshow(np.zeros((2, 3)), cmap="Blues_r"), ax=axes[0, 2])
    axes[0, 2].set(xticks=[], yticks=[], title="words")
    data, about = drawn._repr_mimebundle_()
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB"), int)
    places = np.asarray(about["image/png"]["images"])
    assert places.shape == (3, 4), "the scale has colours of its own"
    red, height, width = (picture == (255, 0, 0)).all(axis=2), *picture.shape[:2]
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    found = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    np.testing.assert_allclose(places[0] * (width, height, width, height), found, atol=3)  # a thin line is around it


def test_champions_are_drawn_pixel_by_pixel_with_their_confidence() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 5, 5, 1), dtype=np.uint8)
    confidences = np.array([[0.5, 0.999999999, 0.2], [0.1, 0.99, 0.7]], np.float32)
    figure = draw_champions(images, confidences, NAMES, np.array([3, 9]))
    drawn = [spot.images[0] for spot in figure.axes]
    np.testing.assert_array_equal(drawn[4].get_array(), images[1, 1, :, :, 0])
    assert all(image.get_interpolation() == "auto" for image in drawn)  # pixel by pixel where there are few
    assert [spot.get_xlabel() for spot in figure.axes][1] == "one\n> 99.9999%"
    assert figure.axes[3].get_ylabel() == "seed 9"
    assert "seed 3: 20.00% to > 99.9999%; seed 9: 10.00% to 99.00%" in figure.alt
    assert Image.open(io.BytesIO(show(figure))).mode == "L", "grey images are lossless"
    named = draw_champions(images, confidences, NAMES, [3, "random search"])
    assert named.axes[3].get_ylabel() == "random search" and "random search: 10.00%" in named.alt


def test_images_get_room_for_long_captions() -> None:
    images = np.zeros((1, 2, 5, 5, 1), np.uint8)
    short, long = (draw_images(images, [["a" + "\n." * lines, ""]], [""], "Two.") for lines in (1, 3))
    assert long.get_figheight() - short.get_figheight() == pytest.approx(0.28)


def test_curves_show_the_median_and_the_papers_line(history: np.ndarray) -> None:
    figure = draw_curves({"evolution": history}, {"noise": history - 9})
    lines = {line.get_label().split(",")[0]: line.get_ydata() for line in figure.axes[0].get_lines()}
    np.testing.assert_allclose(lines["evolution"], np.median(history, axis=(0, 2)))
    np.testing.assert_allclose(lines["noise"], np.median(history - 9, axis=(0, 2)))
    assert lines["the paper's 99.99%"][0] == pytest.approx(np.log(9999), rel=1e-6)
    bands = [band.get_paths()[0].vertices for band in figure.axes[0].collections]
    for band, ends in zip(bands, ((0, 100), (25, 75)), strict=True):
        last = band[band[:, 0] == 5, 1]
        np.testing.assert_allclose([last.min(), last.max()], np.percentile(history[:, 5], ends), rtol=1e-6)
    show(figure)


def test_class_curves_have_a_panel_per_class(history: np.ndarray) -> None:
    figure = draw_class_curves(history, NAMES, "Direct")
    titles = [spot.get_title() for spot in figure.axes]
    assert titles[:3] == list(NAMES)
    np.testing.assert_allclose(figure.axes[1].get_lines()[0].get_ydata(), np.median(history[:, :, 1], axis=0))
    assert "lowest at the end is zero" in figure.alt
    show(figure)


@pytest.mark.parametrize("shift", [0.0, 30.0, -60.0], ids=["some reach it", "all at once", "none"])
def test_first_generations_draw_whoever_reached_the_line(history: np.ndarray, shift: float) -> None:
    figure = draw_first_generations({"a": history + shift, "b": history}, NAMES, paper=50)
    reached = ((history + shift) >= np.log(9999)).any(axis=1).sum()
    assert len(figure.axes[0].collections[0].get_offsets()) == reached
    assert len(figure.axes[0].collections[1].get_offsets()) == 12 - reached
    assert figure.axes[0].get_yticklabels()[-1].get_text() == "never" and not figure.axes[0].texts
    show(figure)


def test_reliability_leaves_empty_bins_out() -> None:
    count = np.array([0] * 8 + [10, 90])
    assessment = Assessment(
        error=0.1,
        confidences=np.full(100, 0.9, np.float32),
        correct=np.arange(100) < 90,
        calibration=Calibration(np.where(count > 0, 0.9, np.nan), np.where(count > 0, 0.8, np.nan), count, 0.1),
        top_five_error=0.02,
    )
    figure = draw_reliability({"LeNet": assessment})
    assert len(figure.axes[0].get_lines()[1].get_xdata()) == 2
    assert "error 10.00%" in figure.alt
    show(figure)


def test_confidence_shares_fall_from_all_to_few() -> None:
    kinds = {"digits, right": np.linspace(0.5, 1, 50), "digits, wrong": np.array([]), "noise": np.linspace(0, 0.4, 9)}
    figure = draw_confidence_shares({"LeNet": kinds, "other": kinds})
    right = figure.axes[0].get_lines()[0].get_ydata()
    assert right[0] == 1.0 and right[-1] == pytest.approx(1 / 50) and (np.diff(right) <= 0).all()
    show(figure)


def confident(*rows: list[float]) -> np.ndarray:
    return np.array(rows, np.float32)


def test_gallery_wraps_names_and_shows_each_pixel_of_small_images() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    names = ("cat", "a very long name of a class that does not fit", "dog")
    figure = draw_gallery(images, names, np.array([0.5, 0.999999999, 0.001]), columns=2, shown="Pets")
    assert figure.alt.startswith("Pets. The 3 are cat, a very")
    np.testing.assert_array_equal(figure.axes[2].images[0].get_array(), images[2])
    assert figure.axes[1].get_xlabel().count("\n") == 2 and figure.axes[1].get_xlabel().endswith("\n> 99.9999%")
    assert "0.10% to > 99.9999%, median 50.00%, highest for a very long" in figure.alt
    show(figure)


def test_a_name_with_dollars_is_words_and_no_formula(history: np.ndarray) -> None:
    names, images = (r"$\input{x}$", "$x$", "$$"), np.zeros((3, 8, 8, 1), np.uint8)
    gallery = draw_gallery(images, names, np.full(3, 0.5))
    champions = draw_champions(images[None], np.full((1, 3), 0.5), names, [0])
    curves, first = (
        draw_class_curves(history, names, "Direct"),
        draw_first_generations({"Direct": history}, names, None),
    )
    answers = {"LeNet": [(name, 0.5) for name in names]}
    for figure in (gallery, champions, curves, first, draw_photographs(images, names, answers, names)):
        show(figure)
    assert [spot.get_title() for spot in curves.axes][:3] == list(names)


def test_gallery_of_noise_stays_small_as_a_jpeg_of_all_colours() -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)
    figure = draw_gallery(images, ["noise"] * 4, np.full(4, 0.1), columns=8, kilobytes=60)
    picture = Image.open(io.BytesIO(figure.encode()))
    assert len(figure.encode()) <= 60_000 and picture.format == "JPEG" and picture.mode == "RGB"
    figure.kilobytes = 1_000
    assert len(figure.encode()) > 80_000  # what it is measured against
    assert Image.open(io.BytesIO(show(figure))).format == "PNG"


def test_a_descent_shows_what_changed_on_grey() -> None:
    ancestor = np.full((20, 30, 3), 100, np.uint8)
    champion = ancestor.copy()
    champion[5, 6], champion[0, 0] = (110, 90, 255), (100, 101, 100)
    figure = draw_descent(ancestor, champion, "kite", np.array([0.001, 0.25]), 7)
    changed = figure.axes[2].images[0].get_array()
    assert changed[5, 6].tolist() == [148, 108, 255] and changed[0, 0].tolist() == [128, 130, 128]
    assert (changed[1:, 10:] == 128).all()
    assert [spot.get_xlabel() for spot in figure.axes[:2]] == ["random image: 0.10%", "champion for kite: 25.00%"]
    assert "over 7 images" in figure.alt
    show(figure)


def test_large_noise_of_all_colours_can_be_drawn() -> None:
    images = np.random.default_rng(0).integers(0, 256, (10, 336, 336, 3), dtype=np.uint8)
    assert len(draw_gallery(images, ["noise"] * 10, np.full(10, 0.1), kilobytes=1_000).encode()) <= 1_000_000


def test_lines_keep_their_colours_on_white_in_256() -> None:
    figure = draw_class_curves(np.zeros((1, 3, 10), np.float32), [str(digit) for digit in range(10)], "Direct")
    small = Image.open(io.BytesIO(show(figure)))
    assert small.mode == "P" and small.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    figure.kilobytes = 1_000
    whole = Image.open(io.BytesIO(figure.encode())).convert("RGB")
    far = np.abs(np.subtract(whole, small.convert("RGB"), dtype=int)).max(axis=2)
    assert (far > 16).mean() < 0.005


def test_images_in_a_gallery_stand_on_whole_pixels() -> None:
    side = 2 * (round(8.6 * 110) // 5 - 21)
    image = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    figure = draw_gallery(image[None], ["noise"], np.array([0.1]), kilobytes=1000)
    pixels = np.asarray(Image.open(io.BytesIO(figure.encode())).convert("RGB"))
    inside = pixels[14 : 14 + side - 4, 24 : 24 + side - 4]  # without the frame
    np.testing.assert_allclose(inside.astype(int), image[2:-2, 2:-2].astype(int), atol=1)


def test_shrinking_takes_the_mean_over_the_area() -> None:
    image = np.array([[0, 88, 28, 60]] * 4, np.uint8)[..., None]
    np.testing.assert_array_equal(shrink_image(image, 2)[..., 0], [[44, 44]] * 2)
    np.testing.assert_array_equal(shrink_image(image, 3)[..., 0], [[22, 58, 52]] * 3)  # 3/4 of a pixel and 1/4, …
    np.testing.assert_array_equal(shrink_image(image, 4), image)


def test_rows_and_columns_shrink_by_the_same_factor() -> None:
    image = np.array([[0, 88, 28, 60], [40, 8, 12, 20]], np.uint8)[..., None]  # twice as wide
    np.testing.assert_array_equal(shrink_image(image, 2)[..., 0], [[34, 30]])
    np.testing.assert_array_equal(shrink_image(image.swapaxes(0, 1), 2)[..., 0], [[34], [30]])
    assert shrink_image(np.zeros((200, 160, 3), np.uint8), 100).shape == (100, 80, 3)
    assert shrink_image(np.zeros((1, 900, 1), np.uint8), 100).shape == (1, 100, 1)


SHAPES = {(200, 160, 3): (168, 134), (48, 64, 3): (126, 168), (20, 20, 1): (168, 168), (1, 4, 1): (42, 168)}


@pytest.mark.parametrize(("shape", "drawn"), SHAPES.items(), ids=str)
def test_images_of_any_shape_keep_it_in_the_middle_of_their_place(
    shape: tuple[int, int, int], drawn: tuple[int, int]
) -> None:
    figure = draw_gallery(np.zeros((1, *shape), np.uint8), ["black"], np.array([0.1]))
    pixels = np.asarray(Image.open(io.BytesIO(figure.encode())).convert("L"))[12:348, 22:358]
    rows, columns = (np.flatnonzero((pixels < 250).any(axis=axis)) for axis in (1, 0))
    assert (rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1) == pytest.approx(
        2 * np.array(drawn), abs=2
    )  # with the frame
    assert rows[0] + rows[-1] == pytest.approx(335, abs=1) and columns[0] + columns[-1] == pytest.approx(335, abs=1)


def test_small_wide_images_are_enlarged_pixel_by_pixel() -> None:
    image = np.random.default_rng(0).integers(0, 256, (3, 8, 3), dtype=np.uint8)
    figure = draw_gallery(image[None], ["noise"], np.array([0.1]), kilobytes=1000)
    pixels = np.asarray(Image.open(io.BytesIO(figure.encode())).convert("RGB"))
    top, left, size = 2 * (6 + (168 - 63) // 2), 22, 42  # eight pixels in 168, so three in 63
    middles = pixels[top + size // 2 :: size, left + size // 2 :: size][:3, :8]
    np.testing.assert_array_equal(middles, image)


def make_genome() -> CppnGenomes:
    """One output that x reaches by a sine, with parallel edges; a hidden node that leads nowhere; y, bias unused."""
    activations = np.array([4, 1, 3, 0])  # output 5: linear; 6: sine; 7: Gaussian, a dead end
    edges = np.array([[1, 6, 2.0], [1, 6, 3.0], [6, 5, -4.0], [3, 5, 1.0], [2, 7, 9.0], [0, 0, 0.0]])
    return CppnGenomes(activations, edges[:, 0].astype(int), edges[:, 1].astype(int), edges[:, 2])


def test_graph_holds_what_leads_to_the_output_and_counts_the_rest() -> None:
    graph = read_graph(make_genome(), ["grey"])
    assert graph.weights == {(1, 6): 5.0, (6, 5): -4.0, (3, 5): 1.0}
    assert graph.labels[5] == "grey:\nlinear" and graph.labels[6] == "sine" and 7 not in graph.labels
    assert graph.unused == (2, 4) and graph.left_out == (1, 1)
    assert find_levels(graph) == {1: 0, 2: 0, 3: 0, 4: 0, 5: 2, 6: 1}


def test_nodes_and_passing_edges_of_a_level_keep_their_distance() -> None:
    rng = np.random.default_rng(0)
    pairs = {(int(a), int(b)) for a, b in rng.integers(1, 19, (60, 2)) if a < b and b > 4}
    labels = dict.fromkeys(range(1, 19), "sine")
    graph = Graph(labels, dict.fromkeys(pairs, 1.0), (16, 17, 18), (), (0, 0))
    places = place_nodes(graph)
    for level in {x for x, _ in places.values()}:
        column = sorted(
            (height, 1.0 if len(place) == 1 else 0.34) for place, (x, height) in places.items() if x == level
        )
        for (low, room), (high, other) in itertools.pairwise(column):
            assert high - low >= (room + other) / 2 - 1e-9
    assert [places[(node,)][1] for node in (1, 2, 3, 4)] == sorted(places[(node,)][1] for node in (1, 2, 3, 4))


def test_champion_graphs_say_what_computes_the_image() -> None:
    images = np.zeros((1, 5, 5, 1), np.uint8)
    figure = draw_champion_graphs(images, [make_genome()], ["tench"], np.array([0.25]))
    assert "tench, 25.00%: 1 hidden node and 3 edges compute it from x and distance, 1 node and 1 edge" in figure.alt
    drawn = figure.axes[1].patches
    positive, negative = (to_rgb(line.get_color()) for line in figure.legends[0].get_lines()[::3])  # of +10 and −10
    assert [to_rgb(edge.get_edgecolor()) for edge in drawn] == [positive, negative, positive]  # +5, −4, +1
    assert drawn[0].get_linewidth() > drawn[1].get_linewidth() > drawn[2].get_linewidth()
    show(figure)


@pytest.mark.parametrize("shape", [(48, 64, 3), (64, 16, 1), (1, 4, 1)], ids=str)
def test_champions_beside_their_graph_keep_their_shape(shape: tuple[int, int, int]) -> None:
    images = np.zeros((1, *shape), np.uint8)
    figure = draw_champion_graphs(images, [make_genome()], ["tench"], np.array([0.25]))
    figure.draw_without_rendering()
    place = figure.axes[0].get_window_extent()
    assert place.width / place.height == pytest.approx(shape[1] / shape[0], rel=0.01)


def test_search_curves_stand_at_their_children_per_cell(history: np.ndarray) -> None:
    curves, baselines = {"CPPN": history}, {"random": history[:2] - 5}
    figure = draw_search_curves(curves, {"CPPN": 6, "random": 12}, baselines, {"CPPN": (2000, 0.8811)})
    lines = {line.get_label(): line.get_xydata() for line in figure.axes[0].get_lines()}
    along, median = lines["CPPN, median (4 runs × 3 classes)"].T
    np.testing.assert_allclose(along, [2, 4, 6, 8, 10])
    np.testing.assert_allclose(median, np.median(history[:, 1:], axis=(0, 2)), rtol=1e-6)
    np.testing.assert_allclose(lines["random, median"][:, 0], [4, 8, 12, 16, 20])
    assert any(np.allclose(line, [[2000, np.log(0.8811 / 0.1189)]]) for line in lines.values())
    assert "after 10 per cell" in figure.alt and "CPPN 88.11% after 2,000 per cell" in figure.alt
    figure.draw_without_rendering()


def test_every_search_is_drawn_however_many_there_are() -> None:
    many = [f"search {number}" for number in range(len(COLOURS) + 3)]
    history = np.random.default_rng(1).normal(size=(2, 4, 5)).astype(np.float32)
    lines = draw_search_curves(dict.fromkeys(many, history), dict.fromkeys(many, 5), {}, {}).axes[0].get_lines()
    assert {str(line.get_label()).split(",")[0] for line in lines} >= set(many)
    histogram = draw_confidence_histogram(dict.fromkeys(many, history[:, -1]))
    titles = [spot.get_title().split("\n")[0] for spot in histogram.axes if spot.get_visible()]
    assert titles == many


@pytest.mark.parametrize("panels", [4, 5, 6])
def test_the_lowest_panel_of_each_column_has_ticks_below(panels: int) -> None:
    histogram = draw_confidence_histogram(dict.fromkeys(map(str, range(panels)), np.full((2, 5), 0.5)))
    histogram.draw_without_rendering()
    shown = [spot for spot in histogram.axes if spot.get_visible()]
    labelled = [any(tick.label1.get_visible() for tick in spot.xaxis.get_major_ticks()) for spot in shown]
    assert labelled == [False] * (panels - 3) + [True] * 3


@pytest.mark.parametrize("cells", [20, 60], ids=["few are marked one by one", "many on a log axis"])
def test_histogram_counts_each_class_once(cells: int) -> None:
    values = np.tile(np.linspace(0.01, 0.99, cells), (3, 1)) + [[-0.005], [0], [0.005]]
    figure = draw_confidence_histogram({"CPPN": values, "pixels": values / 10})
    counts = figure.axes[0].patches[0].get_data().values
    assert counts.sum() == cells and len(counts) == 20
    assert figure.axes[0].get_yscale() == ("linear" if cells == 20 else "log")
    assert len(figure.axes[0].get_lines()) == (2 if cells == 20 else 1)
    figure.draw_without_rendering()


def test_photographs_mark_right_answers_only() -> None:
    photographs = np.zeros((2, 6, 6, 3), np.uint8)
    answers = {
        "Net-A": [("cat", 0.9), ("dog", 0.5)],
        "Net-B": [("a dog of by far the longest name that anybody gave", 0.4), ("fox", 0.3)],
    }
    figure = draw_photographs(photographs, ["chelsea", "rocket"], answers, ["cat", None])
    words = [[text.get_text() for text in spot.texts] for spot in figure.axes]
    assert words[0][:4] == ["A", "✓ cat", "90.00%", "B"] and words[0][5] == "40.00%"
    assert re.fullmatch("a dog .*….*gave", words[0][4])
    figure.draw_without_rendering()
    network, answer, sure = (text.get_window_extent() for text in figure.axes[0].texts[3:])
    assert network.x1 < answer.x0 and answer.x1 < sure.x0, "no word runs into another"
    assert "✓" not in "".join(words[1]) and [spot.get_title() for spot in figure.axes] == ["chelsea", "rocket"]
    assert "Of the 1 whose class is known, Net-A has 1 right and Net-B has 0 right" in figure.alt
    show(figure)


def test_long_titles_of_photographs_lose_their_middle_and_stay_apart() -> None:
    titles = [f"n01440764/ILSVRC2012_val_{number:08d}_$_$.JPEG" for number in range(4)] + ["W" * 80, "chelsea"]
    answers = {"Net": [("cat", 0.9)] * 6}
    figure = draw_photographs(np.zeros((6, 4, 6, 1), np.uint8), titles, answers, [None] * 6)
    assert titles[0] in figure.alt
    figure.draw_without_rendering()
    words = [spot.get_title() for spot in figure.axes]
    assert words[0].startswith("n01440764") and words[0].endswith("_$_$.JPEG") and words[0].count("…") == 1
    assert words[5] == "chelsea" and len(set(words)) == 6
    boxes = [spot.title.get_window_extent() for spot in figure.axes]
    assert boxes[0].x0 >= 0 and boxes[3].x1 <= figure.bbox.x1
    assert all(0 < right.x0 - left.x1 < 40 for left, right in itertools.pairwise(boxes[:4]))  # all that fits is kept
    assert boxes[5].x0 - boxes[4].x1 > 10


def test_words_on_a_colour_are_black_or_white_by_contrast_and_ordered_lines_grow_darker() -> None:
    mid_red, dark_red, white, blue = (0.84, 0.38, 0.30), (0.70, 0.09, 0.17), (1.0, 1.0, 1.0), (0.13, 0.40, 0.67)
    assert [choose_ink(np.array(one)) for one in (mid_red, dark_red, white, blue)] == ["black", "white"] * 2
    light = shade(5)[:, :3] @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(light) < 0).all() and shade(1).shape == (1, 4)
