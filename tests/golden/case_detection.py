"""Tiny detectors and audits: scores, guarded networks and evolution against them, a whole audit, its plan."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import package
from inputs import COLOUR, LETTERS, colour_network, digit_network, draw_blots, few_digits, real_images
from PIL import Image
from recording import Arrays, case, list_arrays

ATTEMPTED = ("log_odds", "needed", "steps", "curves")


def fit_tiny_panel() -> package.Panel:
    """All seven detectors of the small network, the last by a network with a fooling class."""
    real = real_images()
    below, old = package.split_head(colour_network())
    random = np.random.default_rng(4)
    wider = old._replace(
        kernel=np.append(old.kernel, random.normal(0.0, 0.2, (len(old.kernel), 1)).astype(np.float32), axis=1),
        bias=np.append(old.bias, np.float32(0.1)),
    )
    taught = package.add_class(colour_network(), below, wider)
    return package.fit_panel(colour_network(), real.images[:30], real.labels[:30], real.images[30:], taught)


@case()
def detector_scores() -> Arrays:
    panel, real, noise = fit_tiny_panel(), real_images().images, draw_blots(20, seed=5)
    natural, fooling = panel.score(real), panel.score(noise)
    guarded = {name: one.score(noise) for name, one in panel.guard(natural).items()}
    measured = {
        name: package.measure_detector(*pair, 2, 50) for name, *pair in zip(panel.names, natural, fooling, strict=True)
    }
    return {
        "temperature": np.asarray(panel.temperature),
        "natural": natural,
        "fooling": fooling,
        **list_arrays(guarded, "guarded."),
        **{
            f"measured.{name}.{part}": np.array(getattr(one, part))
            for name, one in measured.items()
            for part in ("auroc", "aupr", "fpr95", "threshold")
        },
        "calibration": np.array(package.measure_calibration(np.linspace(0.1, 1.0, 40), np.arange(40) % 3 > 0, 1, 30)),
    }


@case(slow=True)
def evolve_against_detectors() -> Arrays:
    panel = fit_tiny_panel()
    guarded = panel.guard(panel.score(real_images().images))
    arrays: Arrays = {}
    for name, encoding in (
        ("ODIN", package.DirectEncoding(COLOUR)),
        ("feature distance", package.CppnEncoding(COLOUR)),
    ):
        run = package.evolve(guarded[name], encoding, generations=4, children=8, seeds=(0, 1), classes=range(7))
        arrays |= {f"{name}.log_odds": run.log_odds, f"{name}.images": run.images}
    return arrays


@case("noise", "shuffled", "natural")
def detector_images() -> Arrays:
    digits = few_digits()
    half = package.detectors.choose_half(digits.test_labels, 3)
    return {
        **list_arrays(package.detectors.draw_noise(COLOUR, 4, 3), "noise."),
        **list_arrays(package.detectors.shuffle_pixels(digits.test_images, 6, 3), "shuffled."),
        **{f"natural.fit_{name}": getattr(digits, f"test_{name}")[half] for name in ("images", "labels")},
        **{f"natural.{name}": getattr(digits, f"test_{name}")[~half] for name in ("images", "labels")},
    }


@case(slow=True)
def detectors_of_digits() -> Arrays:
    network, digits = digit_network(), few_digits(100)
    where = range(len(network.class_names))
    with TemporaryDirectory() as folder:
        chain = package.ChainSizes(1, 1, 8, natural=4_000, iterations=1, steps=2, longer=2)
        *_, last = package.walk_chain(digits, chain, 0, Path(folder))
        climbed = package.ascend(network, package.climbing.NONE, where, (0,), 2).last_images
        bred = package.detectors.Bred(
            [
                package.evolve(network, encoding(network.image_shape), generations=1, children=8, seeds=(0,))
                for encoding in (package.DirectEncoding, package.CppnEncoding)
            ],
            package.detectors.Fooling(climbed.reshape(-1, *network.image_shape), np.array(where)),
            last.classifier,
            last.evolved,
        )
        sizes = package.DetectorSizes(runs=1, generations=1, children=8, images=8)
        arrays = package.detectors.score_digits(network, digits, sizes, 0, bred, Path(folder), [])
        return list_arrays(package.detectors.records.read_digits(arrays, None))


@case()
def detectors_of_photographs() -> Arrays:
    packaged = package.load_photographs("packaged")
    packaged = packaged._replace(labels=np.arange(8) % 7)
    thirds = packaged.select(slice(0, 3)), packaged.select(slice(3, 6)), packaged.select(slice(6, 8))
    champions = package.detectors.Fooling(draw_blots(4, (20, 20, 3)), np.array([0, 3, 6, 1]))
    return list_arrays(package.score_photographs(colour_network(), thirds, champions, 2))


# Audits


@case("images", "labels", "halves")
def real_images_of_an_audit() -> Arrays:
    with TemporaryDirectory() as folder:
        for place, name in enumerate(LETTERS):
            (Path(folder) / name).mkdir()
            for number, pixels in enumerate(draw_blots(3, (30, 20, 3), seed=place)):
                Image.fromarray(pixels).save(Path(folder) / name / f"{number}.png")
        found = package.load_natural(package.open_folder(folder, LETTERS, len(LETTERS)), COLOUR, 15, 2)
    fitted, measured = package.split_natural(found.labels, 3)
    return {"images": found.images, "labels": found.labels, "halves.0": fitted, "halves.1": measured}


@case("")
def budgets_of_audits() -> Arrays:
    arrays: Arrays = {}
    for minutes, real in ((1.0, 0), (10.0, 500), (240.0, 20_000)):
        budget = package.make_budget(digit_network(), package.LENET_SPEED, minutes, real, "paper")
        arrays |= list_arrays(budget, f"{minutes:g}.") | {f"{minutes:g}.classes": np.array(budget.classes)}
    return arrays


@case(slow=True)
def audit() -> Arrays:
    tiny = package.Size(2, 4, 12)
    budget = package.Budget(1.0, (0, 2, 5), 60, tiny, tiny, tiny, tiny, 1, 6)
    with TemporaryDirectory() as folder:
        subject = package.Subject(colour_network(), real_images(), "")
        one = package.audit_network(subject, budget, 0, Path(folder))
    arrays = {"shown": one.shown} | {f"confidences.{name}": part for name, part in one.confidences.items()}
    for place, (name, attempt) in enumerate(one.attempts.items()):
        arrays |= {f"{name}.{part}": getattr(attempt, part) for part in ATTEMPTED}
        arrays[f"{name}.images"] = one.sheet[place][None]
    arrays |= {f"again.{part}": getattr(one.again, part) for part in ATTEMPTED}
    return arrays | list_defences(one.found)


def list_defences(found: Any) -> Arrays:
    """Name the numbers of an audit's record that say what plain images, detectors, a temperature, a class more do."""
    warmed, learned = found.temperature, found.fooling_class
    separations = [list(by_kind.values()) for by_kind in found.detectors.values()]
    return {
        "plain": np.array([one.confidence for one in found.plain.values()]),
        "plain_tops": np.array([LETTERS.index(one.class_name) for one in found.plain.values()]),
        "detectors": np.array(list(found.detectors)),
        "kinds": np.array(list(found.nonsense)),
        "auroc": np.array([[one.auroc for one in row] for row in separations]),
        "passed": np.array([[one.passed[0] for one in row] for row in separations]),
        "measured": np.asarray(found.measured_with),
        "temperature": np.asarray(warmed.value),
        "errors": np.array(warmed.calibration_error),
        "certain": np.array(list(warmed.certain.values())),
        "real": np.array(warmed.real),
        "known": np.array(list(learned.known.values())),
        "unseen": np.array(list(learned.unseen.values())),
        "lost": np.asarray(learned.lost),
        "right": np.array(learned.right),
    }
