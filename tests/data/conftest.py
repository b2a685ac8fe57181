"""The photographs that packages carry."""

from __future__ import annotations

import pytest

from fooling.data.photographs import Photographs, load_photographs


@pytest.fixture(scope="session")
def packaged() -> Photographs:
    return load_photographs("packaged")
