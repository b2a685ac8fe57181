"""Page 15: the audit of one network, of page 01 or of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fooling.pages.page import Page, open_page

PAGE = "15_your_network"


@dataclass(frozen=True)
class AuditSizes:
    """How long the audit may take, in minutes."""

    minutes: float


# On LeNet, where no network of one's own is named.
SIZES: Mapping[str, AuditSizes] = {
    "smoke": AuditSizes(minutes=0.1),
    "default": AuditSizes(minutes=2.0),
    "extended": AuditSizes(minutes=10.0),
    "paper": AuditSizes(minutes=60.0),
}


def open_audit_page(profile: str, seed: int, model: str | None, output: str | None) -> Page:
    """Return where an audit is kept: that of a file in a folder of its own, whatever the profile."""
    from fooling.lab.audit.files import find_folder

    return Page(PAGE, Path(output or find_folder(model)), seed) if model else open_page(PAGE, profile, seed)
