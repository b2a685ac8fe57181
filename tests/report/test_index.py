"""A thumbnail shows the part of a page's figures that has most to see, and cuts it cleanly."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

from fooling.report.index import HEIGHT, WIDTH, Picture, draw_thumbnail, find_richest


def make_sheet(height=500, width=900):
    return np.full((height, width, 3), 255, np.uint8)


def draw_noise(sheet, top, left, height=90, width=140):
    sheet[top : top + height, left : left + width] = np.random.default_rng(0).integers(0, 256, (height, width, 3))


def encode(sheet, alt="A figure."):
    file = io.BytesIO()
    Image.fromarray(sheet).save(file, "png")
    return Picture(base64.b64encode(file.getvalue()).decode(), alt)


def decode(picture):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(picture.data))).convert("RGB"))


def test_the_window_holds_the_images_and_begins_between_them():
    sheet = make_sheet()
    for top in (230, 330):
        for left in (310, 460):
            draw_noise(sheet, top, left)
    share, top, left = find_richest(sheet)
    assert top <= 230 and top + HEIGHT >= 420 and left <= 310 and left + WIDTH >= 600
    assert abs(share - 4 * 90 * 140 / (HEIGHT * WIDTH)) < 0.03


def test_no_image_is_cut_at_the_top_and_the_left_where_another_window_shows_nearly_as_much():
    sheet = make_sheet(HEIGHT, 1000)
    for left in range(10, 1000 - 150, 150):
        draw_noise(sheet, 5, left, height=190)
    _, _, left = find_richest(sheet)
    assert left % 150 in {0, *range(2, 11, 2)}, "the left edge stands in a gap of ten pixels"


def test_flat_colour_is_not_much_to_see():
    flat, noisy = make_sheet(), make_sheet()
    flat[:, :] = (10, 60, 160)
    draw_noise(noisy, 100, 100)
    assert find_richest(flat)[0] == 0.0
    assert draw_thumbnail((encode(flat, "Flat."), encode(noisy, "Noise."))).alt == "Noise."


def test_pixels_are_cut_out_as_they_are_and_the_same_figures_give_the_same_bytes():
    sheet = make_sheet(HEIGHT, WIDTH)
    sheet[40:80, 40:80] = (200, 30, 30)
    small = draw_thumbnail((encode(sheet),))
    shown = decode(small)
    assert shown.shape == (HEIGHT, WIDTH, 3)
    assert np.abs(shown[50:70, 50:70].astype(int) - (200, 30, 30)).max() < 12
    draw_thumbnail.cache_clear()
    assert draw_thumbnail((encode(sheet),)) == small


def test_a_small_or_see_through_figure_stands_on_white_paper():
    drawn = Image.new("RGBA", (20, 10), (0, 0, 0, 0))
    file = io.BytesIO()
    drawn.save(file, "png")
    shown = decode(draw_thumbnail((Picture(base64.b64encode(file.getvalue()).decode(), "Nothing."),)))
    assert shown.shape == (HEIGHT, WIDTH, 3) and shown.min() > 250


def test_a_page_without_figures_has_no_thumbnail():
    assert draw_thumbnail(()) is None
