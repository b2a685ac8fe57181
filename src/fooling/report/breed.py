"""The page on which anybody breeds images: LeNet and evolution in a browser, one file that asks for nothing."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

import h5py
import numpy as np

from fooling import files
from fooling.pages.page import read_metrics
from fooling.report.bundle import TEMPLATE, WEB, draw_app, encode_bytes
from fooling.report.notebooks import RefusedError, Workspace

NAME = "breed"
MODULES = ("bytes.js", "confidence.js", "cppn.js", "lenet.js", "evolution.js", "cppn_mutation.js", "breed.js")
STYLES = (TEMPLATE / "report.css", WEB / "breed.css")
# The run of the paper's LeNet, not of another network.
LENET = re.compile(r"network-lenet-[0-9a-f]{12}-[0-9a-f]{4}(-\d+)?")
WEIGHTS = 431_080  # of LeNet; the page knows no other network


def update_breed(workspace: Workspace, names: Iterable[str]) -> None:
    """Write the page, or remove what is left of it where none of these pages has trained a LeNet.

    Errors are those of :func:`read_weights`.
    """
    page = draw_breed(workspace, names)
    if page:
        files.write_atomically(workspace.report(NAME), page)
    else:
        workspace.report(NAME).unlink(missing_ok=True)


def draw_breed(workspace: Workspace, names: Iterable[str]) -> str:
    """Return the page, with the LeNet that the first of these pages to have one trained; nothing where none has."""
    for name in names:
        for run in read_metrics(workspace.results, name).get("runs", []):
            path = workspace.run(run) / "model.keras"
            if LENET.fullmatch(run) and path.is_file():
                weights = read_weights(path)
                words = {"page": name, "weights": f"{len(weights):,}"}
                data = encode_bytes(weights.astype("<f4").tobytes())  # the little end first
                return draw_app(f"{NAME}.html.j2", MODULES, STYLES, data, words)
    return ""


def read_weights(path: Path) -> np.ndarray:
    """Return all weights of a LeNet that Keras saved, kernel and bias of each layer, ``(431080,) float32``.

    The file is read without Keras, which would take seconds; RefusedError if it holds another network, or is damaged.
    """
    named = f"{path.parent.name}/{path.name}"
    try:
        with zipfile.ZipFile(path) as model, h5py.File(io.BytesIO(model.read("model.weights.h5"))) as file:
            layers = [file["layers"][name]["vars"] for name in sorted(file["layers"])]
            parts = [np.asarray(layer[key], "<f4").ravel() for layer in layers for key in sorted(layer)]
    except (OSError, KeyError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise RefusedError(f"{named} cannot be read; delete that folder to train again.") from error
    weights = np.concatenate(parts)
    if len(weights) != WEIGHTS:
        raise RefusedError(f"{named} holds {len(weights):,} weights, not LeNet's {WEIGHTS:,}.")
    return weights
