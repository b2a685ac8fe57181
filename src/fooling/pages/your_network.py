"""Page 15: the audit of one network, of page 01 or of one's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fooling.evolution.search import SEARCHES
from fooling.lab.audit.record import ATTACKS, Attacked, Found
from fooling.pages.page import Page, open_page
from fooling.words import escape, show_confidence, show_minutes, table

if TYPE_CHECKING:
    from fooling.lab.audit.experiment import Audit

PAGE = "15_your_network"


@dataclass(frozen=True)
class AuditSizes:
    """How long the audit of a network may take, and of which networks."""

    minutes: float  # for each
    beside: tuple[str, ...] = ("SqueezeNet", "EfficientNet-Lite0")  # LeNet, all with one budget


# Where no network of one's own is named.
SIZES: Mapping[str, AuditSizes] = {
    "smoke": AuditSizes(minutes=0.2, beside=("SqueezeNet",)),
    "default": AuditSizes(minutes=0.5),
    "extended": AuditSizes(minutes=3.0),
    "paper": AuditSizes(minutes=60.0),
}


def open_audit_page(profile: str, seed: int, model: str | None, output: str | None) -> Page:
    """Return where an audit is kept: that of a file in a folder of its own, whatever the profile."""
    from fooling.lab.audit.files import find_folder

    return Page(PAGE, Path(output or find_folder(model)), seed) if model else open_page(PAGE, profile, seed)


def audit_beside(name: str, minutes: float, seed: int, folder: Path, search: str) -> Audit:
    """Audit a network of ImageNet's, on at most 1,000 of the photographs that are there and have a class.

    The sizes follow from a speed that stands in the code, so that another machine shows the same images.
    """
    import numpy as np

    from fooling.data.photographs import SAMPLE, UNKNOWN, find_photographs
    from fooling.lab.audit.budget import make_budget
    from fooling.lab.audit.experiment import audit_network
    from fooling.lab.audit.natural import NaturalImages, draw_places
    from fooling.lab.audit.network import MOST_NATURAL, Subject
    from fooling.lab.audit.speed import IMAGENET
    from fooling.networks.head import expose_logits
    from fooling.networks.imagenet import load_network

    classifier, found = expose_logits(load_network(name)), find_photographs(SAMPLE)
    known = found.select(found.labels != UNKNOWN)
    known = known.select(draw_places(known.labels, MOST_NATURAL, seed=0))
    images = np.concatenate(list(known.batches(classifier.image_shape)))
    subject = Subject(classifier, NaturalImages(found.name, images, known.labels), "")
    budget = make_budget(classifier, IMAGENET, minutes, subject.count_real(), search)
    return audit_network(subject, budget, seed, folder)


def tabulate_networks(every: Iterable[Found]) -> str:
    """Return a Markdown table: a row for each network that was audited."""
    rows = []
    for found in every:
        medians = (_show_attack(found.attacks[one]) if one in found.attacks else "" for one in ATTACKS)
        real = show_confidence(found.real.median) if found.real else ""
        fooled = f"{found.fooled:,} of {found.audited:,}, {show_minutes(found.budget_minutes)}"
        rows.append((escape(found.network.name), SEARCHES[found.search], fooled, *medians, real))
    return table(
        (
            "",
            "search",
            "classes at 99%",
            *(f"{one}: median class, its images to 99%" for one in ATTACKS),
            "real images",
        ),
        rows,
    )


def _show_attack(attack: Attacked) -> str:
    """Return the median, and the images until the median class was at 99% where it was."""
    needed = attack.images_to["99"]
    return show_confidence(attack.median) + (f", {needed:,.0f}" if needed else "")
