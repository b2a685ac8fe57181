"""Page 15 is kept with its profile, and the audit of a network of one's own in a folder of its own."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from fooling.lab.audit.files import AuditError
from fooling.lab.audit.record import ATTACKS
from fooling.pages.page import PROFILES
from fooling.pages.your_network import PAGE, SIZES, audit_beside, open_audit_page


def test_a_larger_profile_takes_longer() -> None:
    minutes = [SIZES[profile].minutes for profile in PROFILES]
    assert minutes == sorted(set(minutes))


@pytest.mark.slow
def test_a_network_of_imagenets_is_audited_at_smoke_on_the_photographs_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fooling.data.photographs.DATA", tmp_path)
    (name,), minutes = SIZES["smoke"].beside, SIZES["smoke"].minutes
    found = audit_beside(name, minutes, 0, tmp_path, "fewest").found
    assert (found.network.name, found.network.classes, found.budget_minutes) == ("SqueezeNet", 1_000, minutes)
    assert found.audited == 5 and set(found.attacks) == set(ATTACKS)
    assert found.real.images == 6 and found.real.right > 0.3, "the packaged photographs of known classes"


def test_an_audit_is_kept_apart_from_every_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOLING_RESULTS", str(tmp_path))
    with zipfile.ZipFile(tmp_path / "mine.keras", "w") as file:
        file.writestr("config.json", "{}")
        file.writestr("model.weights.h5", b"1")
    model = str(tmp_path / "mine.keras")
    own, named, page = (
        open_audit_page("smoke", 3, model, None),
        open_audit_page("smoke", 3, model, str(tmp_path / "here")),
        open_audit_page("smoke", 3, None, None),
    )
    assert own.folder.parent == tmp_path / "audits" and own.folder.name.startswith("mine-")
    assert (named.folder, page.folder) == (tmp_path / "here", tmp_path / "smoke")
    assert {one.name for one in (own, named, page)} == {PAGE} and {one.seed for one in (own, named, page)} == {3}
    with pytest.raises(AuditError, match="no file"):
        open_audit_page("smoke", 0, str(tmp_path / "gone.keras"), None)
