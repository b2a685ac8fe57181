"""What decides the last bits of sums besides the code: threads, TensorFlow, oneDNN and its instructions, the device.

On one arithmetic of a processor the same run gives the same bytes. On a GPU that is promised only as far as TensorFlow
does with ``TF_DETERMINISTIC_OPS=1``, on the same kind of card; the key knows both. With that switch searches with
pixels and CPPNs and the training of a head ran on an NVIDIA H200; whether a run there repeats byte for byte was not
tried. Its logits differ from a processor's by at most 1.2e-5 where the largest is 14.4. Without the switch, and from
one kind of card to another, a run is alike but not the same.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import version as find_version
from typing import Any

from numpy._core._multiarray_umath import __cpu_features__ as cpu_features  # type: ignore[import-not-found]

from fooling.files import hash_text

INSTRUCTIONS = ("AVX512_SKX", "AVX2", "AVX", "SSE42", "SVE", "ASIMD")  # that oneDNN tells apart, best first


def count_threads() -> int:
    """Return how many cores TensorFlow uses; sums depend on how work is split among them."""
    given = os.environ.get("TF_NUM_INTRAOP_THREADS", "")
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(given) if given.isdecimal() and int(given) else own


def describe_processor() -> dict[str, Any]:
    """Return what decides the last bits of sums on a processor, besides the code."""
    instructions = next((name for name in INSTRUCTIONS if cpu_features.get(name)), platform.machine())
    return {
        "threads": count_threads(),
        "tensorflow": find_version("tensorflow"),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "1"),
        "instructions": os.environ.get("ONEDNN_MAX_CPU_ISA", instructions),
    }


@cache
def describe() -> dict[str, Any]:
    """Return what decides the last bits of sums, besides the code."""
    import tensorflow as tf  # only here: what reads runs needs no TensorFlow

    found = {**describe_processor(), "device": "CPU"}
    if threads := tf.config.threading.get_intra_op_parallelism_threads():  # set in Python
        found["threads"] = threads
    for card in tf.config.list_physical_devices("GPU")[:1]:  # the one that TensorFlow computes on
        name = tf.config.experimental.get_device_details(card).get("device_name", "of unknown name")
        switch = os.environ.get("TF_DETERMINISTIC_OPS", "0")
        found["device"] = f"GPU {name}, deterministic operations {switch}"
    return found


def get_hash() -> str:
    """Return the part of a folder's name that stands for :func:`describe`."""
    return hash_text(json.dumps(describe(), sort_keys=True))[:4]


def compare(other: Mapping[str, Any]) -> str:
    """Return what differs from this machine's arithmetic, in words; nothing where nothing does."""
    pairs = ((name, other.get(name, "not recorded"), value) for name, value in describe().items())
    return ", ".join(f"{name} ({there}, here {here})" for name, there, here in pairs if there != here)
