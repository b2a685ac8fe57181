"""A whole audit of a small network: everything it measures, kept and read again; a fooling class that is learned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fooling.lab.audit import experiment
from fooling.lab.audit.attacks import Attempt
from fooling.lab.audit.budget import Budget, Size
from fooling.lab.audit.defences import find_median_after, say_why_not, teach_fooling_class, train_scaled
from fooling.lab.audit.experiment import audit_network, choose_shown, say_untested, take_best
from fooling.lab.audit.network import Subject
from fooling.lab.audit.record import ATTACKS
from fooling.networks.adapt import Head
from fooling.networks.classifier import Classifier
from fooling.networks.head import NaturalFeatures

TINY = Size(1, 2, 10)
BUDGET = Budget(1.0, (0, 1, 2), 60, TINY, TINY, TINY, TINY, 1, 5)


@pytest.fixture(scope="module")
def subject(colour_network, natural) -> Subject:
    return Subject(colour_network, natural, "")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("audit")


@pytest.fixture(scope="module")
def audit(subject, folder):
    return audit_network(subject, BUDGET, 0, folder)


@pytest.mark.slow
def test_everything_is_measured_and_read_again_without_computing(subject, audit, folder, monkeypatch) -> None:
    assert tuple(audit.attempts) == ATTACKS and audit.found.untested == ()
    assert audit.found.real.images == 60 and audit.found.detectors and audit.found.temperature
    assert audit.found.fooling_class.images == 30 and audit.again.steps.tolist() == [10, 20, 30]
    monkeypatch.setattr(experiment, "_measure", lambda *given: pytest.fail("computed again"))
    again = audit_network(subject, BUDGET, 0, folder)
    assert again.found == audit.found and np.array_equal(again.sheet, audit.sheet)
    for one, other in zip(
        [*audit.attempts.values(), audit.again], [*again.attempts.values(), again.again], strict=True
    ):
        assert all(np.array_equal(*pair, equal_nan=True) for pair in zip(one, other, strict=True))


@pytest.mark.slow
def test_another_seed_budget_name_or_set_of_images_is_another_audit(subject, audit, folder, monkeypatch) -> None:
    class MeasuredError(Exception):
        pass

    def measure(*given):
        raise MeasuredError

    monkeypatch.setattr(experiment, "_measure", measure)
    fewer = subject.natural.take(np.arange(50))
    renamed = replace(subject.classifier, class_names=("a", "b", "c"))
    for other, budget, seed in (
        (subject, BUDGET, 1),
        (subject, replace(BUDGET, ascent_steps=6), 0),
        (subject, replace(BUDGET, search="fewest"), 0),
        (subject._replace(natural=fewer), BUDGET, 0),
        (subject._replace(classifier=renamed), BUDGET, 0),
    ):
        with pytest.raises(MeasuredError):
            audit_network(other, budget, seed, folder)


@pytest.mark.slow
def test_what_is_shown_has_the_confidence_that_is_told(audit, colour_network) -> None:
    scores = colour_network.confidences(audit.sheet.reshape(-1, 12, 10, 3)).reshape(4, 3, 3)
    for row, attack in enumerate(ATTACKS):
        told = [audit.found.classes[cell].confidence[attack] for cell in audit.shown]
        assert np.allclose(scores[row, np.arange(3), audit.shown], told, atol=1e-5)


@pytest.mark.slow
def test_confidences_are_those_of_real_images_noise_and_every_attack(audit) -> None:
    groups = audit.confidences
    assert list(groups) == [
        "real, right", "real, wrong", "noise, first class", "noise, best for a class", "direct", "CPPN", "ascent",
    ]  # fmt: skip
    assert len(groups["real, right"]) + len(groups["real, wrong"]) == 60


@pytest.mark.slow
def test_without_real_images_what_needs_them_is_said_and_left_out(subject, folder) -> None:
    alone = audit_network(subject._replace(natural=None), replace(BUDGET, natural=0), 0, folder)
    found = alone.found
    assert alone.again is found.real is found.detectors is found.temperature is found.fooling_class is None
    assert len(found.untested) == 3 and all(one.endswith(".") for one in found.untested)
    assert next(iter(alone.confidences)) == "noise, first class"


def test_what_cannot_be_tested_is_said(colour_network, natural, make_colour_network) -> None:
    unlabelled = natural._replace(labels=np.full(60, -1))
    few = natural.take(np.arange(9))
    assert say_untested(colour_network, natural) == ()
    assert "need to know the class" in say_untested(colour_network, unlabelled)[0]
    assert "at least 20 real images, and there are 9" in say_untested(colour_network, few)[0]
    softmax = Classifier(make_colour_network("inside"))
    assert "does not end in a dense layer" in say_why_not(softmax, natural)


def make_attempt(log_odds) -> Attempt:
    values = np.asarray(log_odds, np.float32)
    images = np.arange(values.size, dtype=np.uint8).reshape(*values.shape, 1, 1, 1)
    return Attempt(values, images, np.zeros((len(values), 3, values.shape[1])), np.arange(1), values[:, None])


def test_the_surest_classes_are_shown_each_by_its_best_run() -> None:
    first = make_attempt([[0.0] * 12, [*range(12)]])
    shown = choose_shown({"direct": first, "CPPN": make_attempt([[99.0] + [-1.0] * 11])})
    assert shown.tolist() == [0, 3, 4, 5, 6, 7, 8, 9, 10, 11]
    assert take_best(first, np.array([0, 5])).ravel().tolist() == [0, 17]


@pytest.mark.slow
def test_features_of_any_length_teach_the_same_head() -> None:
    random = np.random.default_rng(0)
    features, labels = random.normal(size=(80, 4)).astype(np.float32), np.arange(80) % 2
    features[:, 0] += 3 * labels
    wrong = random.normal(size=(20, 4)).astype(np.float32) + np.array([0, 6, 0, 0], np.float32)
    old = Head(np.zeros((4, 2), np.float32), np.zeros(2, np.float32))
    heads = []
    for scale in (1.0, 0.01):
        small = Head(old.kernel / scale, old.bias)
        head = train_scaled(small, NaturalFeatures(features * scale, labels), wrong * np.float32(scale), seed=0)
        heads.append(features * scale @ head.kernel + head.bias)
        assert ((wrong * scale @ head.kernel + head.bias).argmax(axis=1) == 2).mean() > 0.9
        assert ((features * scale @ head.kernel + head.bias).argmax(axis=1) == 2).mean() < 0.1
    assert np.allclose(*heads, atol=1e-2)


@pytest.mark.slow
def test_a_fooling_class_knows_nonsense_that_it_did_not_learn(colour_network, natural, tmp_path) -> None:
    random = np.random.default_rng(0)
    dark = random.integers(0, 12, (30, 12, 10, 3)).astype(np.uint8)  # features that no real image has
    nonsense = {"noise": dark, "direct": np.uint8(255) - dark[:1]}
    before = make_attempt([[2.0, 0.0, 2.0]])
    found, again = teach_fooling_class(colour_network, natural, nonsense, before, BUDGET, 0, tmp_path)
    assert list(found.unseen) == ["noise", "direct"] and sum(found.unseen.values()) == 16
    assert found.known["noise"] == 1.0 and found.lost <= 0.1
    assert found.right[1] >= found.right[0] - 0.1
    assert again.curves.shape[2] == 3
    unlabelled = natural._replace(labels=np.full(60, -1))
    assert teach_fooling_class(colour_network, unlabelled, nonsense, before, BUDGET, 0, tmp_path)[0].right is None


def test_two_searches_are_compared_after_the_same_number_of_images() -> None:
    curves = np.log([[[0.25, 4.0], [1.0, 9.0]]])  # after 10 and 20 images: 20% and 80%, 50% and 90%
    attempt = make_attempt([[0.0, 0.0]])._replace(steps=np.array([10, 20]), curves=curves)
    assert [find_median_after(attempt, images) for images in (5, 10, 19, 20, 99)] == pytest.approx(
        [0.5] * 3 + [0.7] * 2
    )
