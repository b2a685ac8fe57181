"""A whole audit of a small network: everything it measures, kept and read again; a fooling class that is learned."""

from __future__ import annotations

import numpy as np
import pytest

from fooling import runs
from fooling.lab.audit import experiment
from fooling.lab.audit.experiment import audit_network, choose_shown, keep_best_run, say_untested
from fooling.lab.audit.fooling_class import say_why_not, teach_fooling_class, train_scaled
from fooling.lab.audit.means import MEANS, Attempt
from fooling.lab.audit.network import Subject
from fooling.lab.audit.plan import Plan, Size
from fooling.networks.classifier import Classifier
from fooling.networks.head import Head, NaturalFeatures

TINY = Size(1, 2, 10)
PLAN = Plan(1.0, (0, 1, 2), 60, TINY, TINY, TINY, TINY, 1, 5, ())


@pytest.fixture(scope="module")
def subject(colour_network, natural, tmp_path_factory) -> Subject:
    return Subject(colour_network, natural, runs.Page("15_your_network", tmp_path_factory.mktemp("audit")), "")


@pytest.fixture(scope="module")
def audit(subject):
    return audit_network(subject, PLAN, 0)


@pytest.mark.slow
def test_everything_is_measured_and_read_again_without_computing(subject, audit, monkeypatch) -> None:
    assert tuple(audit.attempts) == MEANS and audit.untested == ()
    assert audit.real is not None and len(audit.real.labels) == 60
    assert audit.noticed is not None and audit.temperature is not None and audit.fooling_class is not None
    monkeypatch.setattr(experiment, "_measure", lambda *given: pytest.fail("computed again"))
    again = audit_network(subject, PLAN, 0)
    for name in MEANS:
        assert all(
            np.array_equal(*pair, equal_nan=True)
            for pair in zip(audit.attempts[name], again.attempts[name], strict=True)
        )
    assert np.array_equal(audit.fooling_class.again.curves, again.fooling_class.again.curves)


@pytest.mark.slow
def test_another_seed_plan_or_set_of_images_is_another_audit(subject, audit, monkeypatch) -> None:
    measured = []
    monkeypatch.setattr(experiment, "_measure", lambda *given: measured.append(given) or ({}, 0.0))
    monkeypatch.setattr(experiment, "_unpack", lambda *given: given[-1].path)
    fewer = subject.natural._replace(images=subject.natural.images[:50], labels=subject.natural.labels[:50])
    audit_network(subject, PLAN, 1)
    audit_network(subject, PLAN._replace(ascent_steps=6), 0)
    audit_network(subject._replace(natural=fewer), PLAN, 0)
    assert len(measured) == 3
    assert audit_network(subject, PLAN._replace(cut=("said otherwise",)), 0) == audit.folder.path


@pytest.mark.slow
def test_groups_of_confidences_cover_real_images_and_every_means(audit) -> None:
    groups = audit.group_confidences()
    assert list(groups) == [
        "real, right", "real, wrong", "noise, first class", "noise, best for a class", "direct", "CPPN", "ascent",
    ]  # fmt: skip
    assert len(groups["real, right"]) + len(groups["real, wrong"]) == 60


@pytest.mark.slow
def test_without_real_images_what_needs_them_is_said_and_left_out(subject) -> None:
    alone = audit_network(subject._replace(natural=None), PLAN._replace(natural=0), 0)
    assert alone.real is alone.noticed is alone.temperature is alone.fooling_class is None
    assert len(alone.untested) == 3 and all(one.endswith(".") for one in alone.untested)
    assert next(iter(alone.group_confidences())) == "noise, first class"
    assert alone.compare_defences() == ({}, {}, None)


def test_what_cannot_be_tested_is_said(colour_network, natural, make_colour_network) -> None:
    unlabelled = natural._replace(labels=np.full(60, -1))
    few = natural._replace(images=natural.images[:9], labels=natural.labels[:9])
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
    assert keep_best_run(first, np.array([0, 5])).images.ravel().tolist() == [0, 17]


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
    bright = np.uint8(255) - dark[:1]
    found = teach_fooling_class(colour_network, natural, {"noise": dark, "direct": bright}, PLAN, 0, tmp_path)
    assert found.kinds.tolist() == ["noise", "direct"] and found.unseen.sum() == 16
    assert found.known[0] == 1.0 and float(found.lost) <= 0.1
    assert found.right[1] >= found.right[0] - 0.1
    assert found.again.curves.shape[2] == 3
