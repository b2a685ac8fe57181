"""What a page writes besides itself: its records, the runs that it drew from, and its searches for later pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NotRequired, TypedDict, get_args

import msgspec

from fooling.files import DamagedError, read_json, write_json
from fooling.runs import RunFolder, results_root

if TYPE_CHECKING:
    from fooling.evolution.evolution import Evolution

Profile = Literal["smoke", "default", "extended", "paper"]
PROFILES: tuple[str, ...] = get_args(Profile)
PUBLISHED = "published"  # the folder of results that is committed
LONGEST = 60  # letters of a parameter in the name of a folder; Choice: the end of a path tells the most
RESTORE = f"`git restore results/{PUBLISHED}` takes it from the repository again"


def check_profile(profile: str) -> str:
    """Return ``profile`` when it is one of :data:`PROFILES`, else raise ValueError."""
    if profile not in PROFILES:
        raise ValueError(f"There is no profile {profile!r}; choose one of {', '.join(PROFILES)}.")
    return profile


class Metrics(TypedDict):
    """What :meth:`Page.write` writes."""

    records: dict[str, Any]
    runs: NotRequired[list[str]]
    searches: NotRequired[dict[str, list[str]]]
    seed: NotRequired[int | None]


class Page(NamedTuple):
    """Where a notebook writes."""

    name: str  # file stem of the notebook, such as ``02_mnist_direct``
    folder: Path  # ``results/PROFILE``
    seed: int | None = 0  # of the first run of its searches; None for a page that takes those of any seed
    apart: str = ""  # where its numbers are kept so that they do not take the place of the profile's own

    @property
    def runs(self) -> Path:
        """The folder of this profile's runs."""
        return self.folder / "runs"

    def write(
        self,
        records: Mapping[str, Any],
        runs: Iterable[RunFolder | None] = (),
        searches: Mapping[str, Evolution] | None = None,
    ) -> None:
        """Write what the page measured.

        Args:
            records: By claim, or by a name of the page's own: frozen dataclasses of numbers and words.
            searches: By name, what later pages may ask for by :meth:`find_search`.
        """
        found = {name: [run.path.name for run in one.folders] for name, one in (searches or {}).items()}
        names = {run.path.name for run in runs if run} | {name for part in found.values() for name in part}
        content = {"records": msgspec.to_builtins(dict(records)), "runs": sorted(names), "searches": found}
        write_json(metrics_file(self.folder, self.name, self.apart), {**content, "seed": self.seed})

    def list_searches(self, page: str) -> list[str]:
        """Return the names of the searches that an earlier page made at this profile and seed."""
        return list(dict.fromkeys(name for searches in self._read_searches(page) for name in searches))

    def _read_searches(self, page: str) -> Iterator[Mapping[str, Sequence[str]]]:
        for apart in dict.fromkeys((self.apart, _name_apart(self.seed))):  # an earlier page may have been given less
            content = read_metrics(self.folder, page, apart)
            if self.seed is None or content.get("seed") == self.seed:
                yield content.get("searches", {})

    def find_search(self, page: str, name: str) -> Evolution:
        """Return a search that an earlier page made at this profile and seed."""
        # Numbers are read without TensorFlow, searches are not.
        from fooling.evolution.evolution import load_evolution

        for searches in self._read_searches(page):
            if folders := searches.get(name):
                return load_evolution([RunFolder(self.runs / folder) for folder in folders])
        seed = "" if self.seed is None else f" and seed {self.seed}"
        how = f"`fooling report --profile {self.folder.name} --only {page.split('_')[0]}`"
        how = f"with SEED = {self.seed}, as this one" if self.seed else how
        raise ValueError(
            f"{page} has no search {name!r} at profile {self.folder.name}{seed} yet; run that page first: {how}."
        )


def open_page(name: str, profile: str, seed: int | None = 0, *others: object) -> Page:
    """Return where the page ``name`` writes at ``profile``.

    With a seed that is not 0, or with ``others`` of its parameters that are neither None nor empty, it is not the
    profile's own page, and its numbers are kept apart.
    """
    return Page(name, results_root() / check_profile(profile), seed, _name_apart(seed, *others))


def _name_apart(seed: int | None, *others: object) -> str:
    """Return the folder for numbers of a page with such parameters, nothing for those of the profile."""
    words = [re.sub(r"[^\w.]+", "-", str(one)).strip("-.")[-LONGEST:] for one in others if one]
    return "-".join([*([f"seed-{seed}"] if seed else []), *words])


def metrics_file(folder: Path, page: str, apart: str = "") -> Path:
    """Return the file of a page's numbers under a profile's results."""
    return folder / "metrics" / apart / f"{page}.json"


def read_metrics(folder: Path, page: str, apart: str = "") -> Metrics:
    """Return the numbers of a page, none where it has not run; DamagedError if they cannot be read."""
    return read_json(metrics_file(folder, page, apart), Metrics, find_remedy(folder, page))


def find_remedy(folder: Path, page: str) -> str:
    """Return in words what makes the files of a page again."""
    if PUBLISHED in folder.parts[-2:]:
        return RESTORE
    if folder.name in PROFILES:
        return f"`fooling report --profile {folder.name} --only {page[:2]}` makes it again"
    return "delete its folder and run again"


def read_record(folder: Path, page: str, name: str, kind: type[Any]) -> Any | None:
    """Return a record that a page wrote, or None; DamagedError if its file is damaged, or of another version."""
    records = read_metrics(folder, page).get("records")
    if records == {}:  # whoever is asked for records has written some
        raise DamagedError(f"{page}.json holds no numbers; {find_remedy(folder, page)}.")
    if not records or name not in records:
        return None
    try:
        return msgspec.convert(records[name], kind)
    except (msgspec.ValidationError, RecursionError) as error:
        said = f"{page}.json does not fit its page any more ({error}); {find_remedy(folder, page)}."
        raise DamagedError(said) from error
