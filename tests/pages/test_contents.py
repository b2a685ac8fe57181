"""The pages' table of contents: every page has all profiles, every claim a page, and nothing waits for TensorFlow."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import is_dataclass

import pytest

from fooling.pages import contents
from fooling.pages.page import PROFILES
from fooling.runs import ROOT

NOTEBOOKS = {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")}


@pytest.mark.parametrize("page", contents.SIZES)
def test_every_page_has_all_profiles(page: str) -> None:
    assert page in NOTEBOOKS and tuple(contents.SIZES[page]) == PROFILES
    assert contents.find_sizes(page, "default") == contents.SIZES[page]["default"]


def test_claims_are_told_apart_and_stand_on_pages_that_exist_in_the_papers_order() -> None:
    names = [claim.id for claim in contents.CLAIMS]
    assert len(set(names)) == len(names) and {claim.page for claim in contents.CLAIMS} <= NOTEBOOKS
    assert all(is_dataclass(claim.record) and claim.number and claim.grade for claim in contents.CLAIMS)


def test_a_page_that_reads_no_sizes_has_none_and_an_unknown_profile_is_named_with_the_choices() -> None:
    assert contents.find_sizes("00_overview", "smoke") is None
    with pytest.raises(ValueError, match="no profile 'large'; choose one of smoke, default, extended, paper"):
        contents.find_sizes("02_mnist_direct", "large")


def test_claims_are_told_without_waiting_for_tensorflow() -> None:
    code = "import sys, fooling.pages.contents; sys.exit(bool({'tensorflow', 'keras'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
