"""A page's cover is the part of its first sheet of images that this names, or its first figure, whole."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from fooling.figures.images import draw_gallery
from fooling.report.index import HEIGHT, WIDTH, Picture, draw_thumbnail, find_pictures, outline_paper


def make_sheet(height=500, width=900):
    return np.full((height, width, 3), 255, np.uint8)


def encode(sheet, alt="A figure.", cover=(), kind="png"):
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, kind)
    return Picture(base64.b64encode(file.getvalue()).decode(), alt, cover)


def decode(picture):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(picture.data))).convert("RGB"))


def test_the_first_sheet_stands_for_its_page_by_the_part_that_it_names():
    sheet = make_sheet()
    sheet[:250, :450] = (200, 30, 30)
    pictures = (encode(make_sheet(), "Curves."), encode(sheet, "Images.", (0.0, 0.0, 0.5, 0.5), "jpeg"))
    shown = draw_thumbnail((*pictures, encode(make_sheet(), "More.", (0.0, 0.0, 1.0, 1.0))))
    assert shown.alt == "Images." and decode(shown).shape == (250, 450, 3)
    assert np.abs(decode(shown)[5:-5, 5:-5].astype(int) - (200, 30, 30)).max() < 12


def test_without_a_sheet_the_first_figure_is_shown_whole_and_smaller():
    sheet = make_sheet(800, 1600)
    sheet[:, -100:] = (200, 30, 30)
    shown = draw_thumbnail((encode(sheet, "Curves."), encode(make_sheet(), "Others.")))
    assert shown.alt == "Curves." and decode(shown).shape == (WIDTH // 2, WIDTH, 3)
    assert np.abs(decode(shown)[:, -30:].astype(int) - (200, 30, 30)).max() < 12
    assert decode(draw_thumbnail((encode(make_sheet(1600, 800)),))).shape == (HEIGHT, HEIGHT // 2, 3)


def test_the_paper_of_a_card_goes_around_what_it_shows_of_an_image():
    sheet = make_sheet(HEIGHT, 2 * HEIGHT)
    shown = draw_thumbnail((encode(sheet, "One.", (0.0, 0.0, 0.5, 1.0)),))  # a square amid a card of 8 to 5
    west, east = 100 * (1 - HEIGHT / WIDTH) / 2, 100 * (1 + HEIGHT / WIDTH) / 2
    corners = outline_paper([(0.0, 0.25, 1.0, 0.75)], shown.cover, shown.card).partition("0% 0%, ")[2].split(", ")[4:8]
    assert corners == [f"{west:.5g}% 25%", f"{east:.5g}% 25%", f"{east:.5g}% 75%", f"{west:.5g}% 75%"]
    wide = draw_thumbnail((encode(sheet, "Two."),))
    assert (
        outline_paper([(0.0, 0.0, 1.0, 1.0)], wide.cover, wide.card).count(" 10%") == 3
    )  # a hole begins and ends there


def test_the_same_figures_give_the_same_bytes():
    one = (encode(make_sheet()),)
    small = draw_thumbnail(one)
    draw_thumbnail.cache_clear()
    assert draw_thumbnail(one) == small


def test_a_cover_holds_whole_images():
    noise = np.random.default_rng(0).integers(0, 256, (10, 30, 30, 3)).astype(np.uint8)
    data, about = draw_gallery(noise, ["noise"] * 10, np.full(10, 0.5))._repr_mimebundle_()
    (picture,) = find_pictures([{"outputs": [{"data": data, "metadata": about}]}])
    left, top, right, bottom = picture.cover
    assert (left, top, bottom) == (0.0, 0.0, 1.0) and 5 * right == pytest.approx(round(5 * right))  # of five columns
    shown = decode(draw_thumbnail((picture,)))
    assert (shown[:, -4:] > 250).all() and (shown < 250).any()


def test_a_see_through_figure_stands_on_white_paper():
    drawn = Image.new("RGBA", (20, 10), (0, 0, 0, 0))
    file = io.BytesIO()
    drawn.save(file, "png")
    shown = decode(draw_thumbnail((Picture(base64.b64encode(file.getvalue()).decode(), "Nothing."),)))
    assert shown.shape == (10, 20, 3) and shown.min() > 250


def test_a_page_without_figures_has_no_thumbnail():
    assert draw_thumbnail(()) is None
