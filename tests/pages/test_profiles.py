"""Sizes: every page has all profiles, they grow, and impossible ones are refused."""

from __future__ import annotations

from dataclasses import is_dataclass
from typing import Any

import pytest

from fooling.pages import profiles

IMAGENET = ("07_imagenet_direct", "08_imagenet_cppn")


def count_classes(settings: Any) -> int:
    """Return how many classes get a cell; none named means all of ImageNet."""
    return len(settings.classes) or 1000


@pytest.mark.parametrize("page", profiles.PAGES)
def test_every_page_has_all_profiles(page: str) -> None:
    assert tuple(profiles.PAGES[page]) == profiles.NAMES


# Where fewer than all classes, or not all of the paper's steps, stand for the whole, "none named" is the largest.
ALL = {"classes": 1_000, "most_steps": 100_000}


def list_sizes(settings: Any) -> dict[str, float]:
    """Return every size of a page's settings as a number, those of settings within settings too."""
    sizes: dict[str, float] = {}
    for name, value in vars(settings).items():
        if is_dataclass(value):
            sizes |= {f"{name}.{inner}": size for inner, size in list_sizes(value).items()}
        elif isinstance(value, tuple):
            sizes[name] = len(value) or ALL[name]
        elif not isinstance(value, str):
            sizes[name] = value or ALL[name]
    return sizes


@pytest.mark.parametrize("page", [page for page in profiles.PAGES if page not in IMAGENET])
def test_no_size_shrinks_from_one_profile_to_the_next(page: str) -> None:
    every = [list_sizes(one) for one in profiles.PAGES[page].values()]
    fields = [field for field in every[0] if not field.endswith("baseline_runs")]
    assert fields
    for field in fields:
        values = [sizes[field] for sizes in every]
        assert values == sorted(values), field


@pytest.mark.parametrize("page", IMAGENET)
def test_imagenet_searches_grow_in_classes_and_images(page: str) -> None:
    """Runs and generations alone may shrink: a night of 1000 classes has fewer of them than minutes of 20."""
    sizes = list(profiles.PAGES[page].values())
    classes, images = [count_classes(one) for one in sizes], [profiles.count_images(one) for one in sizes]
    assert classes == [5, 20, 1000, 1000]
    assert images == sorted(images) and len(set(images)) == len(images)


@pytest.mark.parametrize("profile", profiles.NAMES)
def test_pixels_and_cppns_are_compared_on_the_same_terms(profile: str) -> None:
    direct, cppn = (profiles.page_settings(page, profile) for page in IMAGENET)
    assert (direct.classes, direct.network, direct.crops) == (cppn.classes, cppn.network, cppn.crops)
    assert direct.generations * direct.children >= cppn.generations * cppn.children
    # The generation of the pixels at which both had as many children per cell is a whole one.
    assert cppn.generations * cppn.children % direct.children == 0


def test_imagenet_at_paper_is_the_papers_size() -> None:
    direct, cppn = (profiles.page_settings(page, "paper") for page in IMAGENET)
    assert (direct.runs, direct.generations, direct.children, direct.crops) == (5, 20_000, 200, "ten")
    assert (cppn.runs, cppn.generations, cppn.children, cppn.crops) == (5, 5_000, 400, "ten")
    per_cell = [one.generations * one.children / count_classes(one) for one in (direct, cppn)]
    assert per_cell == [4_000, 2_000]


def test_classes_of_the_small_profiles_are_those_of_the_papers_supplement() -> None:
    # Source: the supplement's list of classes shown by gradient ascent.
    shown = "200 207 215 279 366 367 390 414 445 500 509 580 643 657 704 713 782 805 826 906"
    assert tuple(int(index) for index in shown.split()) == profiles.SUPPLEMENT_CLASSES
    for page in IMAGENET:
        assert profiles.page_settings(page, "default").classes == profiles.SUPPLEMENT_CLASSES
        assert set(profiles.page_settings(page, "smoke").classes) <= set(profiles.SUPPLEMENT_CLASSES)


def test_default_and_above_evolve_digits_at_the_papers_own_size() -> None:
    for name in ("default", "extended", "paper"):
        settings = profiles.page_settings("02_mnist_direct", name)
        assert (settings.generations, settings.children) == (200, 200)
    assert [profiles.page_settings("02_mnist_direct", name).runs for name in ("default", "extended")] == [5, 50]
    steps = [profiles.page_settings("01_mnist_networks", name).steps for name in ("default", "extended")]
    assert steps == [1_500, 10_000]


def test_cost_is_told_from_the_sizes() -> None:
    assert profiles.describe_cost("paper") == (
        "Profile paper: digit networks of 10,000 steps on mnist, 2,010,000 images in each search for digits; "
        "25 networks that learned fewer digits and 15 that learned a fooling class, each evolved against; "
        "1,000 classes of ImageNet, ten crops, 20,001,000 pixel images and 10,002,000 CPPN images in each search."
    )
    smoke = profiles.describe_cost("smoke")
    assert "150 steps on mnist-5k, 600 images" in smoke
    assert "5 classes of ImageNet, one crop, 80 pixel images and 80 CPPN images" in smoke
    with pytest.raises(ValueError, match="no profile 'large'"):
        profiles.describe_cost("large")


@pytest.mark.parametrize("name", ["runs", "generations", "children"])
@pytest.mark.parametrize("value", [0, -1])
def test_evolution_of_nothing_is_refused(name: str, value: int) -> None:
    sizes = {"runs": 1, "generations": 1, "children": 1}
    with pytest.raises(ValueError, match=f"{name} is {value}, but evolution needs at least 1"):
        profiles.EvolutionSettings(**sizes | {name: value})
    with pytest.raises(ValueError, match=f"{name} is {value}, but evolution needs at least 1"):
        profiles.ImageNetSettings(**sizes | {"baseline_runs": 1, name: value})


def test_imagenet_without_a_baseline_or_with_unknown_crops_is_refused() -> None:
    with pytest.raises(ValueError, match="baseline_runs is 0, but"):
        profiles.ImageNetSettings(runs=1, generations=1, children=1, baseline_runs=0)
    with pytest.raises(ValueError, match=r"no crops 'two'; choose one or ten"):
        profiles.ImageNetSettings(runs=1, generations=1, children=1, baseline_runs=1, crops="two")


def test_training_without_a_step_is_refused() -> None:
    with pytest.raises(ValueError, match="steps is 0"):
        profiles.TrainingSettings(data="mnist-5k", steps=0)


def test_unknown_profile_is_named_with_the_choices() -> None:
    with pytest.raises(ValueError, match=r"no profile 'large'; choose one of smoke, default, extended, paper"):
        profiles.page_settings("02_mnist_direct", "large")


def test_a_page_that_reads_no_sizes_has_none() -> None:
    assert profiles.page_settings("00_overview", "smoke") is None
