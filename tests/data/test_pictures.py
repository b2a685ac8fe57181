"""Pictures of people's: whatever kind they are, the network sees what Keras's own loader would have shown it."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fooling.data.pictures import CLEAR, DEEP, MOVING, TURNED, fit_picture, list_pictures, read_picture

COLOURS = np.random.default_rng(0).integers(0, 256, (37, 53, 3), np.uint8)
LOADER = {"stretch": {}, "crop": {"crop_to_aspect_ratio": True}, "pad": {"pad_to_aspect_ratio": True}}


def draw(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(COLOURS).convert(mode)


def write(folder: Path) -> dict[str, Path]:
    """Write pictures of the kinds that Keras's loader reads, without the loss of JPEG, and return them by name."""
    deep = np.random.default_rng(1).integers(0, 65_536, (37, 53)).astype(np.uint16)
    pictures = {
        "colour.png": draw(),
        "UPPER.PNG": draw(),
        "colour.bmp": draw(),
        "16 bits.png": Image.fromarray(deep),
        "1 bit.png": draw("1"),
        "grey and alpha.png": draw("LA"),
        "alpha.png": Image.fromarray(np.dstack([COLOURS, COLOURS[..., :1]])),
        "still.gif": draw(),
    }
    for name, picture in pictures.items():
        picture.save(folder / name)
    draw().quantize(16).save(folder / "palette.png", transparency=bytes(range(0, 256, 16)))
    draw().save(folder / "moving.gif", save_all=True, append_images=[draw().rotate(90), draw().rotate(180)])
    return {name: folder / name for name in (*pictures, "palette.png", "moving.gif")}


@pytest.mark.parametrize(("resize", "size"), [("stretch", (50, 100)), ("crop", (64, 20)), ("pad", (32, 32))])
def test_every_picture_is_what_keras_loads_up_to_rounding(tmp_path, resize, size) -> None:
    import keras

    paths = write(tmp_path)
    loaded = keras.utils.image_dataset_from_directory(
        tmp_path, labels=None, image_size=size, batch_size=None, shuffle=False, verbose=False, **LOADER[resize]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for path, theirs in zip(map(Path, loaded.file_paths), loaded.as_numpy_iterator(), strict=True):
            mine = fit_picture(read_picture(path).image, (*size, 3), resize)
            assert np.abs(mine - theirs).max() <= 0.501, path.name
    assert len(loaded.file_paths) == len(paths)


@pytest.mark.parametrize("size", [(1, 500), (500, 1), (2, 65)])
def test_a_picture_so_narrow_that_it_would_vanish_is_a_line_between_black(size) -> None:
    for resize in ("stretch", "crop", "pad"):
        fitted = fit_picture(Image.new("L", size, 255), (32, 32, 1), resize)
        assert fitted.shape == (32, 32, 1) and (fitted == 255).sum() == (32 if resize == "pad" else 1024)


def test_grey_networks_get_grey_levels_of_colours() -> None:
    assert fit_picture(draw(), (37, 53, 1)).tolist() == np.asarray(draw("L"))[..., None].tolist()


def test_numbers_that_do_not_say_their_bits_are_fractions_bytes_or_16_bits(tmp_path) -> None:
    for top, kind in ((1.0, np.float32), (255.0, np.float32), (65_535.0, np.float32), (65_535, np.int32)):
        Image.fromarray(np.array([[0, top / 2, top]], kind)).save(tmp_path / "a.tiff")
        assert np.abs(np.asarray(read_picture(tmp_path / "a.tiff").image) - [[0, 127.5, 255]]).max() <= 0.5
    for wrong in (-3.0, np.nan, 1e9):
        Image.fromarray(np.array([[0, wrong]], np.float32)).save(tmp_path / "a.tiff")
        with pytest.raises(ValueError, match="which are no grey levels"):
            read_picture(tmp_path / "a.tiff")


def test_16_bits_of_a_tiff_in_the_other_order_of_bytes_are_the_same(tmp_path) -> None:
    Image.fromarray(np.array([[1, 256, 65_535]], ">u2")).save(tmp_path / "a.tif")
    assert np.asarray(read_picture(tmp_path / "a.tif").image).tolist() == [[0, 1, 255]]


@pytest.mark.parametrize("kind", ["WEBP", "TIFF", "PPM", "JPEG"])
def test_kinds_that_other_loaders_know_are_read_whatever_their_ending(tmp_path, kind) -> None:
    draw("CMYK" if kind == "JPEG" else "RGB").save(tmp_path / "a.png", kind, quality=95, lossless=True)
    assert np.abs(np.asarray(read_picture(tmp_path / "a.png").image, int) - COLOURS).mean() < 25


def test_a_camera_that_was_turned_is_followed_only_for_a_person_to_see(tmp_path) -> None:
    about = Image.Exif()
    about[0x0112] = 6
    draw().save(tmp_path / "a.jpg", exif=about)
    assert read_picture(tmp_path / "a.jpg").image.size == (53, 37)
    assert read_picture(tmp_path / "a.jpg", as_seen=True).image.size == (37, 53)


def test_colours_beneath_transparent_parts_are_read_and_white_is_for_a_person_to_see() -> None:
    file = io.BytesIO()
    Image.new("RGBA", (1, 1), (10, 20, 30, 0)).save(file, "png")
    assert read_picture(file).image.getpixel((0, 0)) == (10, 20, 30)
    assert read_picture(file, as_seen=True).image.getpixel((0, 0)) == (255, 255, 255)


def test_what_is_worth_knowing_of_a_picture_is_noted(tmp_path) -> None:
    paths = write(tmp_path)
    noted = {name: read_picture(path).notes for name, path in paths.items()}
    assert noted["16 bits.png"] == (DEEP,) and noted["palette.png"] == noted["alpha.png"] == (CLEAR,)
    assert noted["moving.gif"] == (MOVING,) and noted["colour.png"] == noted["still.gif"] == ()
    about = Image.Exif()
    about[0x0112] = 3
    draw().save(tmp_path / "a.jpg", exif=about)
    assert read_picture(tmp_path / "a.jpg").notes == (TURNED,)


@pytest.mark.parametrize(
    "content", [b"", b"no picture", b"\x89PNG\r\n\x1a\nxxxx", b"%PDF-1.4", b"%!PS-Adobe-3.0 EPSF-3.0"]
)
def test_what_cannot_be_read_is_told_in_words(tmp_path, content) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(ValueError, match=r"^[^\n]+[^\n.]$"):
        read_picture(tmp_path / "a.png")


def test_what_the_system_refuses_is_told_without_the_path(tmp_path) -> None:
    (tmp_path / "circle.png").symlink_to("circle.png")
    os.mkfifo(tmp_path / "pipe.png")
    for name, said in (("circle", "symbolic links"), ("pipe", "it is no file"), ("gone", "there is no such picture")):
        with pytest.raises(ValueError, match=said) as caught:
            read_picture(tmp_path / f"{name}.png")
        assert str(tmp_path) not in str(caught.value)


def test_a_picture_that_would_fill_the_memory_is_refused_before_it_is_decoded(tmp_path, monkeypatch) -> None:
    draw().save(tmp_path / "a.png")
    monkeypatch.setattr("fooling.data.pictures.MOST_PIXELS", 1_000)
    with pytest.raises(ValueError, match=r"it has 1,961 pixels, more than 1,000"):
        read_picture(tmp_path / "a.png")


def test_pictures_below_a_folder_are_listed_as_keras_sorts_them_and_the_others_by_themselves(tmp_path) -> None:
    for name in ("b.png", "a.JPG", "deep/z.png", "deep/er/x.gif", "notes.pdf", ".hidden.png", ".git/y.png", "deep/~"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    pictures, others = ([path.relative_to(tmp_path).as_posix() for path in part] for part in list_pictures(tmp_path))
    assert pictures == ["a.JPG", "b.png", "deep/z.png", "deep/er/x.gif"]
    assert others == [".hidden.png", "notes.pdf", ".git/y.png", "deep/~"]
