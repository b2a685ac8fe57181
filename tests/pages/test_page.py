"""What a page writes and later pages read: records keep their types, searches are asked for by name and seed."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from fooling.evolution import evolution
from fooling.files import DamagedError
from fooling.pages.claim import NOT, PARTLY, RECALLED, REPRODUCED, Claim, Effect
from fooling.pages.finding import ORIGINS, Finding, collect, tabulate_changes, tabulate_findings
from fooling.pages.page import Page, check_profile, open_page, read_record
from fooling.runs import RunFolder


@dataclass(frozen=True)
class Found:
    median: float
    by_class: tuple[int, ...]
    ahead: Effect | None


FOUND = Found(0.95, (3, 5), Effect(0.75, 1e-9))


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Page:
    monkeypatch.setenv("FOOLING_RESULTS", str(tmp_path))
    return open_page("02_mnist_direct", "smoke")


def test_a_record_comes_back_with_its_types(page: Page) -> None:
    page.write({"pixels": FOUND, "none": Found(0.1, (), None)})
    assert read_record(page.folder, page.name, "pixels", Found) == FOUND
    assert read_record(page.folder, page.name, "none", Found) == Found(0.1, (), None)
    assert read_record(page.folder, page.name, "other", Found) is None
    assert read_record(page.folder, "03_mnist_cppn", "pixels", Found) is None


@pytest.mark.parametrize("record", [Effect(0.5, 1.0), None])
def test_a_record_of_another_version_is_refused_by_its_file(page: Page, record: Effect | None) -> None:
    page.write({"pixels": record})
    with pytest.raises(DamagedError, match=r"02_mnist_direct\.json does not fit its page any more"):
        read_record(page.folder, page.name, "pixels", Found)


def test_metrics_name_the_runs_that_a_page_drew_from_those_of_its_searches_included(page: Page) -> None:
    folders = [RunFolder(page.runs / name) for name in ("direct-b", "direct-a")]
    search = SimpleNamespace(folders=[RunFolder(page.runs / "cppn-a"), folders[1]])
    page.write({}, [*folders, None], {"cppn": search})
    written = json.loads((page.folder / "metrics" / "02_mnist_direct.json").read_text())
    assert written["runs"] == ["cppn-a", "direct-a", "direct-b"]
    assert written["searches"] == {"cppn": ["cppn-a", "direct-a"]} and written["seed"] == 0


def test_a_search_is_found_by_page_name_and_seed_and_else_the_page_to_run_is_named(page: Page, monkeypatch) -> None:
    monkeypatch.setattr(evolution, "load_evolution", lambda folders: [folder.path for folder in folders])
    page.write({}, searches={"direct": SimpleNamespace(folders=[RunFolder(page.runs / "direct-a")])})
    later = page._replace(name="10_transfer")
    assert later.find_search("02_mnist_direct", "direct") == [page.runs / "direct-a"]
    assert later._replace(seed=None).find_search("02_mnist_direct", "direct") == [page.runs / "direct-a"]
    assert later.list_searches("02_mnist_direct") == ["direct"] and later.list_searches("03_mnist_cppn") == []
    assert later._replace(seed=4).list_searches("02_mnist_direct") == []
    with pytest.raises(ValueError, match=r"`fooling report --profile smoke --only 02`"):
        later.find_search("02_mnist_direct", "cppn")
    with pytest.raises(ValueError, match=r"run that page first: with SEED = 4"):
        later._replace(seed=4).find_search("02_mnist_direct", "direct")


def test_an_unknown_profile_is_refused_and_the_known_ones_named() -> None:
    with pytest.raises(ValueError, match="no profile 'huge'; choose one of smoke, default, extended, paper"):
        open_page("02_mnist_direct", "huge")
    assert check_profile("paper") == "paper"


def test_a_page_given_more_than_its_profile_keeps_its_numbers_apart(page: Page, monkeypatch) -> None:
    monkeypatch.setattr(evolution, "load_evolution", lambda folders: [folder.path.name for folder in folders])
    page.write({"pixels": FOUND}, searches={"direct": SimpleNamespace(folders=[RunFolder(page.runs / "direct-a")])})
    other = open_page("02_mnist_direct", "smoke", 7)
    other.write({}, searches={"direct": SimpleNamespace(folders=[RunFolder(page.runs / "direct-b")])})
    assert read_record(page.folder, page.name, "pixels", Found) == FOUND
    assert (page.folder / "metrics" / "seed-7" / "02_mnist_direct.json").is_file()
    assert page.find_search("02_mnist_direct", "direct") == ["direct-a"]
    later = open_page("10_transfer", "smoke", 7, None, (), "my digits/")
    assert later.apart == "seed-7-my-digits" and later.find_search("02_mnist_direct", "direct") == ["direct-b"]
    with pytest.raises(ValueError, match="seed 8 yet; run that page first: with SEED = 8"):
        open_page("10_transfer", "smoke", 8).find_search("02_mnist_direct", "direct")


CLAIM = Claim(
    "pixels", "Pixels do", "pixels do not", "§3.1", "They do.", "99.99%", RECALLED, "02_mnist_direct", Found,
    judge=lambda found: REPRODUCED if found.median >= 0.9 else NOT,
    headline=lambda found: f"The median is {found.median}.",
    rows=lambda found: (("median", f"{found.median}", "99.99%"),),
    scale=lambda found: "2 runs",
)  # fmt: skip


def test_rules_that_changed_are_told_with_both_verdicts() -> None:
    stricter = replace(CLAIM, before=lambda found: PARTLY)
    told = tabulate_changes([Finding(CLAIM, FOUND, "smoke"), Finding(stricter, FOUND, "smoke")]).splitlines()
    assert told[2:] == ["| Pixels do | reproduced | partly reproduced | 02 |"]


def test_a_finding_is_a_sentence_and_a_small_table_beside_the_papers_numbers() -> None:
    assert Finding(CLAIM, FOUND, "smoke").as_markdown() == (
        "**Reproduced: The median is 0.95.**\n\n"
        "|  | here | the paper |\n| --- | --- | --- |\n| median | 0.95 | 99.99% |\n\n"
        f"`pixels`; the paper: 99.99% ({RECALLED}). Scale: 2 runs."
    )


def test_a_finding_shows_the_verdict_of_the_rule_before_where_it_differs() -> None:
    for before, shown in ((NOT, True), (REPRODUCED, False)):
        told = Finding(replace(CLAIM, before=lambda found, verdict=before: verdict), FOUND, "smoke").as_markdown()
        assert told.startswith("**Reproduced:") and told.endswith("By the rule before: *not reproduced*.") == shown


def test_findings_are_believed_in_the_order_of_folders_and_know_their_profile(page: Page) -> None:
    page.write({"pixels": FOUND})
    published = page.folder.with_name("published")
    page._replace(folder=published).write({"pixels": Found(0.1, (), None)})
    (published / ORIGINS).write_text(json.dumps({page.name: {"profile": "extended", "seconds": 1.0}}))
    told = [
        (one.profile, one.verdict)
        for folders in ([page.folder, published], [published])
        for one in collect([CLAIM], folders)
    ]
    assert told == [("smoke", REPRODUCED), ("extended", NOT)]
    assert collect([CLAIM], [page.folder.with_name("default")]) == ()


def test_a_published_folder_that_does_not_say_its_profile_is_refused(page: Page) -> None:
    published = page.folder.with_name("published")
    page._replace(folder=published).write({"pixels": FOUND})
    for origins in ("{}", json.dumps({page.name: {"profile": "nonsense"}})):
        (published / ORIGINS).write_text(origins)
        with pytest.raises(DamagedError, match=r"^pages\.json .*; `git restore results/published` takes it from"):
            collect([CLAIM], [published])


def test_a_page_that_has_run_must_have_measured_its_claim_or_what_it_may_write_instead(page: Page) -> None:
    alone = replace(CLAIM, without=frozenset({"other"}))
    assert collect([CLAIM], [page.folder]) == ()
    page.write({"other": FOUND})
    assert collect([alone], [page.folder]) == ()
    with pytest.raises(DamagedError, match=r"^02_mnist_direct\.json holds no numbers for 'pixels'; `fooling report"):
        collect([CLAIM], [page.folder])
    page.write({"other": FOUND, "pixel": FOUND})
    with pytest.raises(DamagedError, match="holds no numbers for 'pixels'"):
        collect([alone], [page.folder])


def test_a_page_that_is_published_must_have_its_numbers(page: Page) -> None:
    published = page.folder.with_name("published")
    published.mkdir()
    assert collect([CLAIM], [published]) == ()
    (published / ORIGINS).write_text(json.dumps({page.name: {"profile": "extended"}}))
    with pytest.raises(DamagedError, match=r"^02_mnist_direct\.json is missing; `git restore results/published`"):
        collect([CLAIM], [published])


@pytest.mark.parametrize("part", ["judge", "headline", "rows", "scale", "before"])
@pytest.mark.parametrize(
    "wrong", [lambda found: 1 / 0, lambda found: max(()), lambda found: (3, 5)[2], lambda found: {}[3]]
)
def test_a_record_that_cannot_be_told_is_damage_in_a_file_and_a_fault_on_its_page(page: Page, part: str, wrong) -> None:
    claim = replace(CLAIM, **{part: wrong})
    page.write({"pixels": FOUND})
    with pytest.raises(DamagedError, match=r"^02_mnist_direct\.json holds numbers .* cannot be right \(.*\); `fooling"):
        collect([claim], [page.folder])
    with pytest.raises((ArithmeticError, LookupError, ValueError)) as raised:
        Finding(claim, FOUND, "smoke").as_markdown()
    assert not isinstance(raised.value, DamagedError)


def test_a_table_marks_what_is_recalled_of_the_paper_and_leads_to_the_page() -> None:
    line = tabulate_findings([Finding(CLAIM, FOUND, "smoke")]).splitlines()[2]
    assert (
        line == "| Pixels do | 99.99%† | The median is 0.95. | **reproduced** | 2 runs | [02](02_mnist_direct.ipynb) |"
    )
