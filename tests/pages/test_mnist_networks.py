"""Page 01: the record of the networks, its table and its sentence."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest

from fooling.pages import mnist_networks
from fooling.pages.mnist_networks import NetworksFound


def assessed(error: float, right: int) -> Any:
    """Return what is read of an assessment of four digits, so many of them right."""
    confidences = np.array([0.9, 0.8, 0.7, 0.4], np.float32)
    return SimpleNamespace(
        error=error, calibration=SimpleNamespace(error=0.05), confidences=confidences, correct=np.arange(4) < right
    )


@pytest.fixture
def found() -> NetworksFound:
    """Two networks, of which the second is always right."""
    digits: Any = SimpleNamespace(train_labels=range(4_000), test_labels=range(1_000), name="few")
    noise = {"LeNet": np.array([0.2, 0.6, 0.7]), "other": np.array([0.3, 0.5, 0.99])}
    networks = {"LeNet": assessed(0.25, 3), "other": assessed(0.0, 4)}
    return mnist_networks.measure(networks, noise, assessed(0.5, 2), digits, 150)


def test_record_survives_json_and_has_none_for_the_median_of_no_digit(found: NetworksFound) -> None:
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(found)), NetworksFound) == found
    first, second = found.networks
    assert first.when_right == pytest.approx(0.8) and first.when_wrong == pytest.approx(0.4)
    assert second.when_wrong is None and first.on_noise == 0.6 and second.highest_on_noise == 0.99
    assert found.error_with_mean == 0.5 and found.held_out == 1_000


def test_table_and_sentence_tell_errors_and_noise(found: NetworksFound) -> None:
    rows = mnist_networks.tabulate_networks(found).splitlines()
    assert rows[2] == "| LeNet | 25.00% | 80.00% | 40.00% | 5.00 points | 60.00% |"
    assert "no digit" in rows[3]
    said, _, *table = mnist_networks.tell(found).splitlines()
    assert said == "**The 2 networks are wrong on 0.00% to 25.00% of the held-out digits; one gives 99.00% to noise.**"
    assert "| error on 1,000 held-out digits | 0.00% to 25.00% | 0.94% |" in table
    assert "| digits learned, solver steps | 4,000 digits (few), 150 | 60,000, 10,000 |" in table
    assert "| median confidence in uniform noise | 50.00% to 60.00% |  |" in table
    assert "9.00%" in mnist_networks.tell(replace(found, networks=(replace(found.networks[0], error=0.09),)))
