"""Pictures in files: what was saved can be bred again, and anything else is told apart in one sentence."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, PngImagePlugin

from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.cppn_graph import CppnGenomes
from fooling.encodings.direct import DirectEncoding
from fooling.encodings.population import express_genomes, stack_genomes, take_genome
from fooling.lab.explorer.breeding import bear_children
from fooling.lab.explorer.saving import KEY, check_graph, encode_picture, fit_image, load_picture

ENCODINGS = [
    CppnEncoding((9, 8, 1)),
    CppnEncoding((6, 7, 3), coordinates="raw", colour="hsv"),
    DirectEncoding((5, 4, 3), halving=False),
]


def draw(encoding):
    genome = take_genome(encoding.initialise(3, tf.constant([[1, 0]], tf.int64)), 2)
    for litter in range(1, 4):
        genome = bear_children(encoding, [genome], 1, seed=0, litter=litter)[0]
    return genome, express_genomes(encoding, stack_genomes([genome]))[0]


def as_png(picture: Image.Image, text: str = "") -> bytes:
    about = PngImagePlugin.PngInfo()
    if text:
        about.add_text(KEY, text)
    file = io.BytesIO()
    picture.save(file, "png", pnginfo=about)
    return file.getvalue()


def read_text(png: bytes) -> dict:
    return json.loads(Image.open(io.BytesIO(png)).text[KEY])


@pytest.mark.parametrize("encoding", ENCODINGS, ids=lambda encoding: f"{encoding.name} {encoding.image_shape}")
@pytest.mark.slow
def test_saved_picture_comes_back_with_its_genome_and_can_be_bred(encoding, tmp_path):
    genome, image = draw(encoding)
    (tmp_path / "picture.png").write_bytes(encode_picture(image, encoding, genome))
    saved = load_picture(tmp_path / "picture.png")
    assert saved.encoding == encoding and saved.note == ""
    np.testing.assert_array_equal(saved.image, image)
    for mine, theirs in zip(saved.genome, genome, strict=True):
        np.testing.assert_array_equal(np.trim_zeros(mine, "b"), np.trim_zeros(theirs, "b"))
    children = [bear_children(encoding, [one], 4, seed=2) for one in (saved.genome, genome)]
    drawn = [express_genomes(encoding, stack_genomes(litter)) for litter in children]
    assert drawn[0].tobytes() == drawn[1].tobytes()


def test_large_pixel_genome_fits_into_a_picture():
    encoding = DirectEncoding((300, 300, 3))
    genome = take_genome(encoding.initialise(1, tf.constant([[1, 0]], tf.int64)), 0)
    saved = load_picture(encode_picture(express_genomes(encoding, stack_genomes([genome]))[0], encoding, genome))
    np.testing.assert_array_equal(saved.genome.genes, genome.genes)


def test_cppn_of_full_capacity_gets_room_for_the_next_mutation():
    genome, image = draw(ENCODINGS[0])
    used = int((genome.sources > 0).sum())
    order = np.argsort(genome.sources == 0, kind="stable")[:used]
    tight = CppnGenomes(np.trim_zeros(genome.activations, "b"), *(part[order] for part in genome[1:]))
    saved = load_picture(encode_picture(image, ENCODINGS[0], tight))
    assert (saved.genome.sources == 0).sum() >= 2 and (saved.genome.activations == 0).sum() >= 1


def test_changed_picture_can_be_looked_at_but_not_bred():
    genome, image = draw(ENCODINGS[0])
    changed = image.copy()
    changed[3, 3] ^= 1
    saved = load_picture(encode_picture(changed, ENCODINGS[0], genome), "cat.png")
    assert saved.genome is None and "cat.png draws another picture" in saved.note
    np.testing.assert_array_equal(saved.image, changed)


def test_picture_without_a_genome_is_a_picture():
    grey = Image.fromarray(np.arange(20, dtype=np.uint8).reshape(4, 5))
    saved = load_picture(as_png(grey))
    assert saved.genome is None and saved.encoding is None and saved.note == "" and saved.image.shape == (4, 5, 1)


def test_transparent_parts_are_white_and_16_bits_become_8():
    clear = Image.new("RGBA", (2, 2), (0, 0, 0, 0))
    clear.putpixel((0, 0), (10, 20, 30, 255))
    image = load_picture(as_png(clear)).image
    assert image[0, 0].tolist() == [10, 20, 30] and image[1, 1].tolist() == [255, 255, 255]
    deep = Image.fromarray(np.array([[0, 65535], [32768, 257]], np.uint16))
    assert load_picture(as_png(deep)).image[..., 0].tolist() == [[0, 255], [128, 1]]


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\nxxxx"])
def test_file_that_is_no_picture_is_named(content):
    with pytest.raises(ValueError, match=r"^mine\.png cannot be loaded as a picture: [^\n]*\.$"):
        load_picture(content, "mine.png")


def test_missing_file_and_cut_off_file_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"^gone\.png cannot be loaded as a picture: there is no such picture\.$"):
        load_picture(tmp_path / "gone.png", "gone.png")
    whole = as_png(Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40), np.uint8)))
    with pytest.raises(ValueError, match="cannot be loaded as a picture"):
        load_picture(whole[:-700])


def change(described: dict, *path: str, to: object) -> str:
    inner = described
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = to
    return json.dumps(described)


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("encoding", "encoding"), "other"),
        (("encoding", "coordinates"), "polar"),
        (("encoding", "image_shape"), [9, 8, 2]),
        (("encoding", "image_shape"), None),
        (("genome",), {}),
        (("genome", "weights", "bytes"), "not base64!"),
        (("genome", "weights", "type"), "object"),
        (("genome", "weights", "shape"), [1]),
        (("genome", "weights", "shape"), [float("inf")]),
        (("genome", "weights", "shape"), [-2, 1]),
        (("encoding", "image_shape"), [float("inf"), 8, 1]),
        (("encoding", "coordinates"), float("nan")),
        (("genome", "sources", "bytes"), "AAAA"),
    ],
)
def test_genome_that_was_tampered_with_is_told_and_not_used(path, to):
    genome, image = draw(ENCODINGS[0])
    png = encode_picture(image, ENCODINGS[0], genome)
    text = change(read_text(png), *path, to=to)
    saved = load_picture(as_png(Image.fromarray(image[..., 0]), text), "mine.png")
    assert saved.genome is None and saved.note.startswith("The genome in mine.png")
    for text in ("{", "[]", "1", "[" * 100_000):
        assert load_picture(as_png(Image.fromarray(image[..., 0]), text)).note


def graph(activations, edges) -> CppnGenomes:
    sources, targets, weights = zip(*edges, strict=True)
    return CppnGenomes(
        np.array(activations, np.int32),
        np.array(sources, np.int32),
        np.array(targets, np.int32),
        np.array(weights, np.float32),
    )


def test_graph_with_hidden_nodes_is_accepted():
    check_graph(graph([1, 2, 3, 0], [(1, 6, 2.0), (6, 7, -10.0), (7, 5, 1.0), (0, 0, 0.0)]), channels=1)


@pytest.mark.parametrize(
    ("activations", "edges", "told"),
    [
        ([1, 2, 3], [(6, 7, 1.0), (7, 6, 1.0), (7, 5, 1.0)], "circle"),
        ([1, 2], [(6, 6, 1.0)], "circle"),
        ([0, 2], [(1, 6, 1.0)], "functions"),
        ([5], [(1, 5, 1.0)], "functions"),
        ([1], [(1, 6, 1.0)], "nodes that there are not"),
        ([1, 0], [(6, 5, 1.0)], "nodes that there are not"),
        ([1], [(1, 2, 1.0)], "nodes that there are not"),
        ([1], [(-1, 5, 1.0)], "nodes that there are not"),
        ([1], [(1, 0, 1.0)], "nodes that there are not"),
        ([1], [(1, 5, 10.5)], "±10"),
        ([1], [(1, 5, np.nan)], "±10"),
    ],
)
def test_graph_that_cannot_be_evaluated_is_refused(activations, edges, told):
    with pytest.raises(ValueError, match=told):
        check_graph(graph(activations, edges), channels=1)


def test_picture_is_cut_and_resized_to_what_the_network_takes():
    stripes = np.zeros((20, 60, 3), np.uint8)
    stripes[:, 20:40] = 200
    fitted = fit_image(stripes, (10, 10, 1))
    assert fitted.shape == (10, 10, 1) and (fitted[:, 1:-1] == 200).all(), "the middle"
    exact = np.random.default_rng(0).integers(0, 255, (10, 10, 1), np.uint8)
    np.testing.assert_array_equal(fit_image(exact, (10, 10, 1)), exact)
    np.testing.assert_array_equal(fit_image(exact, (10, 10, 3)), np.repeat(exact, 3, axis=2))
