"""Damage files below their checksums: each is read as arrays, or refused in one sentence, and nothing in it runs.

`.venv/bin/python benchmarks/damage.py --inputs 100000` damages so many files for each reader: pickles of NumPy's and of
PyTorch's, Caffe's weights, and archives of arrays. Each reader works in a child with a limit on its memory. Input
number N of seed S is always the same, and a child that dies is told by that number.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import multiprocessing
import os
import pickle
import resource
import struct
import sys
import tempfile
import tracemalloc
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from fooling.files import read_arrays
from fooling.networks.pickled_weights import read_numpy_pickle, read_torch_file

ROOM = 2**29  # bytes that a child may take besides what it has; Choice: far below what nine bytes can ask for
TIMES, SLACK = 10, 2**20  # of Caffe's files and of arrays: how much may be allocated, and what Python itself takes
LONGEST, TOLD = 300, 20  # letters of a sentence; how much that is wrong is told
RUNS = ("os.", "subprocess.", "socket.", "shutil.", "ctypes.", "exec", "code.__new__", "sys.")  # audit events
# Of these, what reading may do, or Python when it reports an error.
READS = ("os.listdir", "os.scandir", "os.putenv", "sys.excepthook", "sys.unraisablehook")
# Pieces of pickles that ask for much, or for what they must not have.
HOSTILE = (
    b"cos\nsystem\n(S'echo executed'\ntR.",
    b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x011\x85R.",
    b"cnumpy\nndarray\n(I2147483647\nI2147483647\ntR",
    b"r\xff\xff\xff\x7f",  # a place in the memo
    b"\x8e\xff\xff\xff\xff\x0f\x00\x00\x00",  # the length of bytes
)
NUMBERS = tuple(struct.pack(kind, number) for kind in ["<i", "<q"] for number in (-1, 0, 1, 2**31 - 1, -(2**31)))
KERNEL, BIAS = np.arange(600, dtype=np.float32).reshape(5, 4, 5, 6), np.linspace(-1, 1, 5, dtype=np.float32)


class Reader(NamedTuple):
    """A reader and whole files that it reads."""

    read: Callable[[Path], Mapping[str, Any]]  # raises ValueError
    whole: Sequence[bytes]
    repack: Callable[[bytes, np.random.Generator], bytes] = lambda content, random: damage(content, random)
    is_lean: bool = True  # whether it allocates no more than :data:`TIMES` the file


def make_readers() -> dict[str, Callable[[], Reader]]:
    """Return functions that make the readers, by name."""

    def hashed(read: Callable[[Path, str], Any]) -> Callable[[Path], Any]:
        return lambda path: read(path, hashlib.sha256(path.read_bytes()).hexdigest())

    arrays = {"kernel": KERNEL, "bias": BIAS, "count": np.array(3), "cells": np.arange(40, dtype=np.int32)}
    archives = []
    for save in (np.savez, np.savez_compressed):
        file = io.BytesIO()
        save(file, **arrays)
        archives.append(file.getvalue())
    pickles = [pickle.dumps({"first": [KERNEL, BIAS], "second": [BIAS]}, protocol) for protocol in (3, 4)]
    return {
        "numpy": lambda: Reader(hashed(read_numpy_pickle), pickles, is_lean=False),
        "torch": lambda: Reader(hashed(read_torch_file), [make_torch_file()], is_lean=False),
        "caffe": make_caffe_reader,
        "arrays": lambda: Reader(read_arrays, archives, damage_archive),
    }


def make_torch_file() -> bytes:
    """Return two tensors as PyTorch wrote them before version 1.6."""

    def pickle_tensor(name: bytes, key: bytes, count: int, shape: bytes, strides: bytes) -> bytes:
        storage = b"(U\x07storagectorch\nFloatStorage\nU\x01" + key + b"U\x03cpuK" + bytes([count]) + b"NtQ"
        rest = b"(" + shape + b"t(" + strides + b"t\x89ccollections\nOrderedDict\n)RtR"
        return b"U\x01" + name + b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + b"K\x00" + rest

    tensors = pickle_tensor(b"b", b"7", 6, b"K\x02K\x03", b"K\x01K\x02") + pickle_tensor(b"a", b"8", 1, b"", b"")
    head = [pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    numbers = struct.pack("<Qf", 1, 3) + struct.pack("<Q6f", 6, *range(6))
    return b"".join([*head, b"\x80\x02}(" + tensors + b"u.", pickle.dumps(["8", "7"], 2), numbers])


def make_caffe_reader() -> Reader:
    """Return the reader, and a file with a layer in each of Caffe's two formats."""
    from fooling.networks import caffe  # which imports TensorFlow

    net = caffe._define_messages()()
    old, new = net.layers.add(name="conv1"), net.layer.add(name="ip1")
    for array in (KERNEL, BIAS):
        blob = old.blobs.add(data=array.tobytes())
        blob.n, blob.c, blob.h, blob.w = (*(1,) * (4 - array.ndim), *array.shape)
        new.blobs.add(data=array.tobytes()).shape.dim.extend(array.shape)
    return Reader(lambda path: caffe.read_caffe_weights(path.read_bytes()), [net.SerializeToString()])


def damage(content: bytes, random: np.random.Generator) -> bytes:
    """Return a file with a few places changed, cut out, put in, doubled or cut off."""
    changed = bytearray(content)
    for _ in range(int(random.integers(1, 4))):
        start = int(random.integers(len(changed) + 1))
        stop = start + int(random.integers(1, 9))
        match int(random.integers(7)):
            case 0:
                changed[start:stop] = random.bytes(len(changed[start:stop]))
            case 1:
                changed[start : start + 1] = bytes([random.integers(256)])
            case 2:
                number = NUMBERS[random.integers(len(NUMBERS))]
                changed[start : start + len(number)] = number
            case 3:
                del changed[start:stop]
            case 4:
                changed[start:start] = changed[int(random.integers(len(changed) + 1)) :][:100]
            case 5:
                changed[start:start] = HOSTILE[random.integers(len(HOSTILE))]
            case 6:
                del changed[start:]
    return bytes(changed)


def damage_archive(content: bytes, random: np.random.Generator) -> bytes:
    """Damage an archive as it is, or one of its members, whose checksum is then right."""
    if random.random() < 0.25:
        return damage(content, random)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        parts = {member.filename: archive.read(member) for member in members}
    name = members[random.integers(len(members))].filename
    head = int(random.random() < 0.7) * 128  # the first bytes say how large it is
    parts[name] = damage(parts[name][:head], random) + parts[name][head:] if head else damage(parts[name], random)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", members[0].compress_type) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return file.getvalue()


def judge(reader: Reader, content: bytes, path: Path) -> str:
    """Return "read", "refused", or in words what must not be."""
    path.write_bytes(content)
    happened.clear()
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    try:
        found = reader.read(path)
        parts = [part for value in found.values() for part in (value if isinstance(value, list) else [value])]
        if not all(isinstance(part, np.ndarray) and part.dtype.kind != "O" for part in parts):
            return "read as something that is no array"
        said = "read"
    except ValueError as error:
        said = "refused" if str(error).count("\n") == 0 and len(str(error)) < LONGEST else f"told at length: {error}"
    except BaseException as error:
        return f"{type(error).__name__}: {error}"[:200]
    taken = tracemalloc.get_traced_memory()[1] - before
    if reader.is_lean and taken > TIMES * len(content) + SLACK:
        return f"took {taken:,} bytes for {len(content):,}"
    return f"did {sorted(happened)}" if happened else said


happened: set[str] = set()


def listen(event: str, arguments: tuple[Any, ...]) -> None:
    """Note what runs, writes or connects."""
    writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if writes or (event.startswith(RUNS) and event not in READS):
        happened.add(event)


def work(reader: Reader, seed: int, first: int, last: int, place: Any, told: Any) -> None:
    """Judge inputs in a child with little memory."""
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + ROOM, taken + ROOM))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(listen)
    warnings.simplefilter("ignore")  # NumPy warns of what it takes for a file of Python 2
    tracemalloc.start()
    count: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(first, last):
            place.value = number
            content = make_input(reader, seed, number)
            outcome = judge(reader, content, Path(folder, "file"))
            count[outcome if outcome in ("read", "refused") else "wrong"] += 1
            if outcome not in count and count["wrong"] <= TOLD:
                told.put((f"input {number}: {outcome}", {}))
        told.put(("", dict(count)))


def make_input(reader: Reader, seed: int, number: int) -> bytes:
    """Return a damaged file."""
    random = np.random.default_rng([seed, number])
    return reader.repack(reader.whole[number % len(reader.whole)], random)


def attack(name: str, reader: Reader, seed: int, inputs: int) -> tuple[Counter[str], list[str]]:
    """Return how often a reader did what, and what must not be."""
    count, wrong, first = Counter[str](), list[str](), 0
    fork = multiprocessing.get_context("fork")
    while first < inputs:
        place, told = fork.Value("q", first), fork.SimpleQueue()
        child = fork.Process(target=work, args=(reader, seed, first, inputs, place, told))
        child.start()
        child.join()
        while not told.empty():
            sentence, found = told.get()
            wrong += [f"{name}, {sentence}"] if sentence else []
            count.update(found)
        if child.exitcode != 0:
            wrong.append(f"{name}, input {place.value}: the child ended with {child.exitcode}")
        first = place.value + 1
    return count, wrong


def count_seconds() -> float:
    """Return what all children computed so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(arguments: Sequence[str] | None = None) -> int:
    """Attack every reader; return 1 if one did what must not be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000, help="for each reader")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--readers", nargs="+", default=list(make_readers()), choices=list(make_readers()))
    given = parser.parse_args(arguments)
    failures: list[str] = []
    for name in given.readers:
        reader, before = make_readers()[name](), count_seconds()
        with tempfile.TemporaryDirectory() as folder:
            for content in reader.whole:
                Path(folder, "file").write_bytes(content)
                assert reader.read(Path(folder, "file")), f"{name}: a whole file is read"
        count, wrong = attack(name, reader, given.seed, given.inputs)
        failures += wrong
        told = f"{count['read']:,} read, {count['refused']:,} refused, {len(wrong)} wrong"
        print(f"{name}: {told} ({count_seconds() - before:.1f} s of computing)", flush=True)
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.exit(main())
