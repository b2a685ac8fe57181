"""What a user names is looked at before anything heavy starts, and refused in one sentence."""

from __future__ import annotations

import codecs
import io
import json
import os
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest

from fooling.lab.audit.files import (
    AuditError,
    find_function,
    hash_files,
    hash_network,
    list_class_folders,
    read_class_names,
)


def test_class_names_come_from_lines_a_json_list_or_a_list(tmp_path) -> None:
    lines, listed = tmp_path / "names.txt", tmp_path / "names.json"
    lines.write_text("cat\n\n  dog \n")
    listed.write_text(json.dumps(["cat", "dog"]))
    assert read_class_names(str(lines)) == read_class_names(str(listed)) == read_class_names(["cat", "dog"])
    assert read_class_names(None) == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_class_names_are_read_whatever_editor_wrote_them(tmp_path, encoding) -> None:
    begin = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(encoding, b"")
    (tmp_path / "names").write_bytes(begin + "Möwe\r\n犬\r\n".encode(encoding))
    assert read_class_names(str(tmp_path / "names")) == ("Möwe", "犬")


@pytest.mark.parametrize(
    "content", [{"cat": 1, "dog": 0}, {"1": "cat", "0": "dog"}, {"1": ["n02123045", "cat"], "0": ["n02084071", "dog"]}]
)
def test_dictionaries_of_class_names_are_read_by_their_numbers(tmp_path, content) -> None:
    (tmp_path / "names.json").write_text(json.dumps(content))
    assert read_class_names(str(tmp_path / "names.json")) == ("dog", "cat")


def test_equal_class_names_are_numbered_and_letters_are_composed() -> None:
    assert read_class_names(["crane", "dog", "crane"]) == ("crane (1)", "dog", "crane (2)")
    assert read_class_names(["Mo\u0308we", "a\nb"]) == ("M\u00f6we", "a b")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "holds no class names"),
        ('["cat", 3]', "holds no class names"),
        ('{"cat": 0, "dog": 2}', "a dictionary that numbers them from 0"),
        ('{"cat": "a"}', "a dictionary that numbers them from 0"),
        ("{}", "holds no class names"),
        ('["cat"', "starts like JSON but is none"),
        (b"M\xf6we", "is not text in UTF-8 or UTF-16; save it as UTF-8"),
        (None, "there is no text file 'names'"),
    ],
)
def test_bad_class_names_are_refused(tmp_path, content, sentence) -> None:
    path = tmp_path / "names"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(AuditError, match=sentence) as caught:
        read_class_names(str(path))
    assert str(tmp_path) not in str(caught.value) and "\n" not in str(caught.value)


def write_network(path, weights: bytes, date: str = "today", config: str = "{}") -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("metadata.json", date)
        file.writestr("config.json", config)
        file.writestr("model.weights.h5", weights)


def test_key_tells_weights_apart_and_not_dates(tmp_path) -> None:
    for name, weights, date in (("a", b"1", "today"), ("b", b"1", "tomorrow"), ("c", b"2", "today")):
        write_network(tmp_path / name, weights, date)
    keys = [hash_network(tmp_path / name) for name in "abc"]
    assert keys[0] == keys[1] != keys[2]


def test_networks_of_equal_weights_and_another_architecture_have_other_keys(tmp_path) -> None:
    for name, config in (("a", '{"activation": "relu"}'), ("b", '{"activation": "tanh"}')):
        write_network(tmp_path / name, b"1", config=config)
    assert hash_network(tmp_path / "a") != hash_network(tmp_path / "b")


def test_other_files_are_no_networks(tmp_path) -> None:
    (tmp_path / "text").write_text("x")
    with zipfile.ZipFile(tmp_path / "zip", "w") as file:
        file.writestr("readme", "x")
    for name, sentence in (
        ("text", "is not a .keras file"),
        ("zip", "is not a .keras file"),
        ("gone", "no file 'gone'"),
    ):
        with pytest.raises(AuditError, match=sentence):
            hash_network(tmp_path / name)


@pytest.mark.parametrize("kind", ["big.h5", "big.keras"])
def test_weights_that_say_they_are_larger_than_their_file_are_refused_before_there_is_room_for_them(
    tmp_path, kind
) -> None:
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        file.create_dataset("a", (10**11,), np.float32, chunks=(1024,))
    path = tmp_path / kind
    if kind == "big.h5":
        path.write_bytes(weights.getvalue())
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", "{}")
            archive.writestr("model.weights.h5", weights.getvalue())
    with pytest.raises(AuditError, match=rf"^{kind} says that it holds more weights than fit into it"):
        hash_network(path)


@pytest.mark.parametrize("code", ["-" * 200_000 + "1", "a" + ".a" * 200_000, "(" * 1_000, "x = = 1"])
def test_code_that_python_cannot_read_is_refused(tmp_path, code) -> None:
    (tmp_path / "deep.py").write_text(code)
    with pytest.raises(AuditError, match=r"^deep\.py is not Python \([^)\n].*\)\.$"):
        find_function(f"{tmp_path / 'deep.py'}:f")


def test_class_folders_are_sorted_and_hidden_ones_left_out(tmp_path) -> None:
    for name in ("b", "a", ".hidden"):
        (tmp_path / name).mkdir()
    assert list_class_folders(tmp_path) == ("a", "b")
    with pytest.raises(AuditError, match="no folder 'gone'"):
        list_class_folders(tmp_path / "gone")


def test_hash_of_a_folder_changes_with_what_is_in_it(tmp_path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1").write_text("x")
    before = hash_files([tmp_path])
    assert hash_files([tmp_path]) == before
    (tmp_path / "a" / "1").write_text("xy")
    after = hash_files([tmp_path])
    assert after != before
    (tmp_path / "broken").symlink_to("nowhere")
    (tmp_path / os.fsdecode(b"\xff")).write_text("")
    assert hash_files([tmp_path]) not in (before, after), "links to nowhere and names in no encoding are files, too"


def test_refusing_needs_no_tensorflow() -> None:
    code = "import sys, fooling.lab.audit.files, fooling.lab.audit.natural; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
