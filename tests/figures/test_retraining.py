"""What retrained networks are reduced to, and how they are drawn; no network is needed for either."""

from __future__ import annotations

import base64
import subprocess
import sys
import warnings
from typing import Any, NamedTuple

import numpy as np
import pytest

from fooling import figures
from fooling.figures.retraining import wilson_interval
from fooling.pages import findings, paper


def log_odds(confidence: float) -> float:
    return float(np.log(confidence / (1 - confidence)))


class Network(NamedTuple):
    """A network of a chain, as far as it is read."""

    medians: np.ndarray
    log_odds: np.ndarray
    error: np.ndarray
    called_fooling: np.ndarray
    held_out: np.ndarray
    caught_before: np.ndarray
    caught_after: np.ndarray
    natural: np.ndarray
    fooling: np.ndarray


def make_network(number: int, confidences: list[float], caught: list[float]) -> Network:
    """Return a network with a run for each confidence that all of its three digits end at."""
    final = np.array([[log_odds(part)] * 3 for part in confidences], np.float32)
    return Network(
        medians=np.linspace(-3.0, final[:, 0], 5).T.astype(np.float32),
        log_odds=final,
        error=np.asarray(0.03 + 0.01 * number),
        called_fooling=np.asarray(0.002 * number),
        held_out=np.asarray(1_000),
        caught_before=np.array(caught),
        caught_after=np.array([0.1] * len(confidences)),
        natural=np.asarray(300),
        fooling=np.asarray(100 * number),
    )


@pytest.fixture
def networks() -> list[Network]:
    return [
        make_network(0, [0.9999, 0.99999], []),
        make_network(1, [0.9, 0.95], [0.2, 0.4]),
        make_network(2, [0.99, 0.999], [0.5, 0.7]),
        make_network(3, [0.6, 0.8], [1.0, 0.8]),
    ]


class ImageNet(NamedTuple):
    """Two searches and what was held out, as far as they are read."""

    before: np.ndarray
    after: np.ndarray
    caught_last: np.ndarray
    held_out: np.ndarray
    photographs: np.ndarray


@pytest.fixture
def imagenet() -> ImageNet:
    """Four classes at 80% in three runs of 10 generations, three of them at 20% afterwards."""
    before = np.full((3, 11, 4), log_odds(0.8), np.float32)
    after = np.full((3, 11, 4), log_odds(0.2), np.float32)
    after[:, :, 3] = log_odds(0.9)
    held_out = np.array([[5, 5], [7, 7], [5, 9], [1, 1]])
    return ImageNet(before, after, np.array([True, True, True, False]), held_out, np.asarray(2))


def test_chain_is_reduced_to_medians_of_runs_and_of_networks(networks: list[Network]) -> None:
    summary = findings.summarise_retrained_digits(networks, 7, "300 digits", "[−1, 1]")
    assert summary["medians"] == pytest.approx([0.999945, 0.925, 0.9945, 0.7], abs=1e-5)
    assert summary["last_run_medians"] == pytest.approx([0.6, 0.8], abs=1e-6)
    assert summary["fooling_share"] == 0.5, "300 of 600"
    assert summary["caught"] == pytest.approx(0.6) and summary["caught_after"] == pytest.approx(0.1)
    assert (summary["iterations"], summary["runs"], summary["generations"]) == (3, 2, 4)
    along = np.median(networks[0].medians, axis=0)  # from -3 to the end in four steps
    assert along[1] < log_odds(0.7) < along[2] and summary["first_as_far"] == 2
    size = "2 runs × 3 classes, 4 generations × 7 children on each of 4 networks, trained on 300 digits"
    assert summary["scale"] == f"one chain, one seed for each network; {size}; coordinates [−1, 1]"
    judged = findings.judge("retrain-mnist", summary, "default")
    assert judged.verdict == paper.UNTESTED and "60% fooling" in judged.ours


def test_a_level_that_the_first_network_never_had_has_no_generation(networks: list[Network]) -> None:
    upwards = findings.summarise_retrained_digits([networks[3], networks[2]], 7, "300 digits", "[−1, 1]")
    assert upwards["first_as_far"] is None


def test_errors_of_retrained_networks_stand_beside_the_first(networks: list[Network], imagenet: ImageNet) -> None:
    summary = findings.summarise_retrained_error(networks, imagenet, "300 digits")
    assert summary["error_first"] == pytest.approx(0.03) and summary["error_median"] == pytest.approx(0.05)
    assert summary["error_range"] == pytest.approx([0.04, 0.06]) and summary["error_last"] == pytest.approx(0.06)
    assert summary["called_fooling"] == pytest.approx(0.004)
    assert (summary["agreement"], summary["agreement_crops"], summary["agreement_photographs"]) == (0.75, 4, 2)
    assert "the same top-1 as before on 75% of 4 crops" in findings.judge("retrain-error", summary, "default").ours
    alone = findings.summarise_retrained_error(networks, None, "300 digits")
    assert alone["agreement"] is None and "ImageNet" not in findings.judge("retrain-error", alone, "default").ours


def test_imagenet_is_compared_class_by_class(imagenet: ImageNet) -> None:
    summary = findings.summarise_retrained_imagenet(imagenet, 20, "Toy", "[−1, 1]")
    assert summary["median_before"] == pytest.approx(0.8) and summary["median_after"] == pytest.approx(0.2)
    assert (summary["classes_ahead"], summary["superiority"]) == (3, 0.75)
    assert summary["run_medians_after"] == pytest.approx([0.2, 0.2])
    assert (summary["caught"], summary["runs"], summary["classes"], summary["per_cell"]) == (0.75, 3, 4, 50)
    assert summary["scale"] == "3 runs × 4 classes, 10 generations × 20 children; Toy, one crop; coordinates [−1, 1]"
    assert summary["paired_p"] == pytest.approx(0.25)  # three of the sixteen orders of signs are rarer, and their like
    assert summary["start"]["medians"] == pytest.approx([0.8, 0.2]) and summary["start"]["classes_ahead"] == 3
    assert findings.judge("retrain-imagenet", summary, "default").verdict == paper.UNTESTED


def test_chain_without_a_retrained_network_is_refused(networks: list[Network]) -> None:
    with pytest.raises(ValueError, match="No network was retrained"):
        findings.summarise_retrained_digits(networks[:1], 7, "digits", "[−1, 1]")
    with pytest.raises(ValueError, match="No network was retrained"):
        findings.summarise_retrained_error(networks[:1], None, "digits")


def test_findings_do_not_load_tensorflow() -> None:
    code = "import sys; import fooling.pages.findings.retraining; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def show(figure: Any) -> bytes:
    """Return the picture as a notebook would get it."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data, metadata = figure._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == figure.alt and len(figure.alt) > 30
    return base64.b64decode(data["image/png"])


def test_medians_by_network_are_drawn_with_every_run(networks: list[Network]) -> None:
    curves = {"DNN1": networks[0].medians, "DNN4": networks[3].medians}
    figure = figures.draw_retrained_medians([one.log_odds for one in networks], curves)
    left, right = figure.axes
    np.testing.assert_allclose(left.get_lines()[0].get_ydata(), [np.median(one.log_odds) for one in networks])
    dots = [part.get_offsets()[:, 1] for part in left.collections[1:]]
    np.testing.assert_allclose(dots, [one.log_odds[:, 0] for one in networks])
    np.testing.assert_allclose(right.get_lines()[1].get_ydata(), np.median(curves["DNN4"], axis=0))
    assert all(spot.get_lines()[-1].get_ydata()[0] == pytest.approx(np.log(9_999)) for spot in (left, right))
    assert "99.9945%, 92.50%, 99.45%, 70.00%" in figure.alt
    show(figure)


def test_errors_are_drawn_with_intervals(networks: list[Network]) -> None:
    errors, called = (np.array([getattr(one, name) for one in networks]) for name in ("error", "called_fooling"))
    figure = figures.draw_retrained_errors(errors, called, 1_000)
    spot = figure.axes[0]
    np.testing.assert_allclose(spot.containers[0].lines[0].get_ydata(), errors)
    ends = spot.containers[0].lines[2][0].get_segments()
    np.testing.assert_allclose([part[:, 1] for part in ends], np.array(wilson_interval(errors, 1_000)).T)
    assert "wrong: 3.0% at first, then 4.0% to 6.0%" in figure.alt
    show(figure)


@pytest.mark.parametrize(("share", "low", "high"), [(0.0, 0.0, 0.003827), (0.05, 0.038130, 0.065314)])
def test_wilsons_interval_of_a_thousand(share: float, low: float, high: float) -> None:
    found = wilson_interval(np.array([share]), 1_000)
    assert [float(part[0]) for part in found] == pytest.approx([low, high], abs=2e-5)


@pytest.mark.parametrize("count", [1, 3, 15])
def test_caught_shares_are_drawn_before_and_after(networks: list[Network], count: int) -> None:
    chosen = (networks[1:] * 5)[:count]
    figure = figures.draw_caught([one.caught_before for one in chosen], [one.caught_after for one in chosen])
    before, after = figure.axes[0].get_lines()
    np.testing.assert_allclose(before.get_ydata(), [one.caught_before.mean() for one in chosen])
    np.testing.assert_allclose(after.get_ydata(), 0.1)
    assert before.get_xdata().tolist() == list(range(2, count + 2)), "the first network has no such class"
    show(figure)


def test_champions_of_a_chain_have_a_row_per_network() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 5, 5, 1), dtype=np.uint8)
    figure = figures.draw_chain_champions(images, np.array([[0.5, 0.25, 0.75], [0.9, 0.8, 0.7]]), ["DNN1", "DNN4"])
    np.testing.assert_array_equal(figure.axes[4].images[0].get_array(), images[1, 1, :, :, 0])
    assert figure.axes[4].get_xlabel() == "1\n80.00%" and figure.axes[3].get_ylabel() == "DNN4"
    assert "DNN1, DNN4; confidences 25.00% to 90.00%" in figure.alt
    show(figure)
