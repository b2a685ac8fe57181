"""The speed is that of the network given, in seconds."""

from __future__ import annotations

import pytest

from fooling.lab.audit import speed


@pytest.mark.slow
def test_speed_is_measured_in_seconds_of_this_network(make_small_network, monkeypatch) -> None:
    monkeypatch.setattr(speed, "TIMED", 0.0)
    found = speed.measure_speed(make_small_network())
    assert all(0.0 < part < 60.0 for part in found)
    assert found.compile > found.forward
