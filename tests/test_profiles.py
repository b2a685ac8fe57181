"""Sizes: every page has all profiles, they grow, and impossible ones are refused."""

from __future__ import annotations

import pytest

from fooling import profiles


def test_every_page_has_all_profiles_and_none_shrinks() -> None:
    for sizes in profiles.PAGES.values():
        assert tuple(sizes) == profiles.NAMES
        for field in ("runs", "generations", "children", "steps"):
            values = [getattr(one, field) for one in sizes.values() if hasattr(one, field)]
            assert values == sorted(values)


def test_default_and_above_evolve_at_the_papers_own_size() -> None:
    for name in ("default", "extended", "paper"):
        settings = profiles.page_settings("02_mnist_direct", name)
        assert (settings.generations, settings.children) == (200, 200)
    assert [profiles.page_settings("02_mnist_direct", name).runs for name in ("default", "extended")] == [5, 50]
    assert [profiles.page_settings("01_mnist_networks", name).steps for name in ("default", "extended")] == [
        1500,
        10000,
    ]


def test_cost_is_told_from_the_sizes() -> None:
    assert "2,010,000 images in each search, 50 runs of 200 generations" in profiles.describe_cost("paper")
    assert "10,000 steps on mnist;" in profiles.describe_cost("paper")


@pytest.mark.parametrize("change", [{"runs": 0}, {"generations": 0}, {"children": -1}])
def test_evolution_of_nothing_is_refused(change: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(change))} is {next(iter(change.values()))}, but"):
        profiles.EvolutionSettings(**{"runs": 1, "generations": 1, "children": 1, **change})


def test_unknown_profile_is_named_with_the_choices() -> None:
    with pytest.raises(ValueError, match=r"no profile 'large'; choose one of smoke, default, extended, paper"):
        profiles.page_settings("02_mnist_direct", "large")
