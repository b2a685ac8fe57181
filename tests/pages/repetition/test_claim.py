"""What is left of champions is reduced to a record: who is judged, by which rule, in which words."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from fooling.pages.claim import NOT, PARTLY, REPRODUCED, UNTESTED
from fooling.pages.repetition.claim import CLAIM, Kept, Repetition, summarise
from fooling.pages.repetition.measure import Elements, Tiles


def make_results(shares: list[list[float]], whole: list[float]) -> tuple[Elements, Tiles]:
    """Return results in which images keep these shares of their confidence, from no element to all."""
    count = np.array([len(row) - 1 if row else 0 for row in shares], np.int32)
    kept = np.full((len(shares), 9), np.nan, np.float32)
    for line, row, confidence in zip(kept, shares, whole, strict=True):
        line[: len(row)] = np.multiply(row, confidence)
    total = np.array(whole, np.float32)
    masked = np.stack([0.2 * kept, 0.5 * kept, kept], axis=1)  # the median mask keeps half as much
    shuffled = np.broadcast_to(total[:, None, None] * np.array([[0.9], [0.6], [0.1]], np.float32), (len(whole), 3, 2))
    unused = np.zeros(len(whole), np.int32)
    tiles = Tiles(np.array([2, 4, 8], np.int32), total, shuffled)
    return Elements(unused, unused, count, total, kept, masked), tiles


def test_record_judges_images_of_half_confidence_with_a_period() -> None:
    shares = [[0, 0.2, 0.9, 1], [0, 0.3, 0.5, 0.7, 1], [0, 0.4, 1.1, 1.2, 1], [], [0, 0.1, 0.1, 1]]
    elements, tiles = make_results(shares, [0.99, 0.9, 0.5, 0.99, 0.49])
    found = summarise(elements, tiles, tiles._replace(shuffled=tiles.shuffled / 2), "toy")
    judged = found.judged
    assert judged is not None
    assert (found.champions, found.periodic, judged.images, found.photographs) == (5, 4, 3, 5)
    assert judged.without_one.kept.median == pytest.approx(0.9), "of 0.9, 0.7 and 1.2"
    assert judged.without_half.kept.median == pytest.approx(0.5), "of one in three, two in four: 0.2, 0.5, 1.1"
    assert judged.without_smaller_half.kept.median == pytest.approx(0.9), "two in three, then as before: 0.9, 0.5, 1.1"
    assert (judged.without_half.lowered, judged.without_half.p) == (pytest.approx(2 / 3), pytest.approx(1.0))
    assert judged.without_smaller_half.lowered == pytest.approx(2 / 3)
    assert judged.without_half.masked.median == pytest.approx(0.25)
    assert judged.without_one.masked.median == pytest.approx(0.45), "half of what is kept without one"
    assert (judged.without_half.kept.low, judged.without_half.kept.high) == pytest.approx((0.35, 0.8))
    assert (judged.shuffled.median, found.photographs_shuffled.median) == (pytest.approx(0.6), pytest.approx(0.3))
    assert CLAIM.scale(found).startswith("5 champions, 4 with a period, 3 of these of at least 50%; random masks")
    assert CLAIM.judge(found) == UNTESTED
    assert msgspec.json.decode(msgspec.json.encode(found), type=Repetition) == found


@pytest.mark.parametrize(
    ("shares", "verdict"),
    [
        ([0, 0.3, 0.9, 1], REPRODUCED),
        ([0, 0.3, 0.4, 1], PARTLY),
        ([0, 1.0, 0.4, 1], NOT),
        ([0, 1.5, 0.9, 1], PARTLY),
    ],
    ids=["lower, a little", "lower, much", "not lower, much", "higher, a little"],
)
def test_record_feeds_the_rule(shares: list[float], verdict: str) -> None:
    elements, tiles = make_results([shares] * 12, [0.6] * 12)
    assert CLAIM.judge(summarise(elements, tiles, tiles, "toy")) == verdict


def test_both_halves_of_an_odd_number_must_be_lower_and_ten_images_are_needed() -> None:
    elements, tiles = make_results([[0, 0.3, 0.9, 1]] * 10, [0.6] * 10)
    found = summarise(elements, tiles, tiles, "toy")
    judged = found.judged
    assert judged is not None and CLAIM.judge(found) == REPRODUCED
    for name in ("without_half", "without_smaller_half"):
        for change in ({"lowered": 0.5}, {"p": 0.01}):
            weak = replace(judged, **{name: replace(getattr(judged, name), **change)})
            assert CLAIM.judge(replace(found, judged=weak)) == PARTLY
            assert CLAIM.before is not None  # the rule before asked the larger half alone
            assert CLAIM.before(replace(found, judged=weak)) == (PARTLY if name == "without_half" else REPRODUCED)
    much = replace(judged, without_one=replace(judged.without_one, kept=Kept(0.4999, 0.1, 0.9)))
    assert CLAIM.judge(replace(found, judged=much)) == PARTLY
    assert CLAIM.judge(replace(found, judged=replace(judged, images=9))) == UNTESTED


def test_sign_test_is_two_sided_and_leaves_ties_out() -> None:
    elements, tiles = make_results([[0, 0.3, 0.9, 1]] * 9 + [[0, 1.0, 1.0, 1]], [0.5] * 10)
    judged = summarise(elements, tiles, tiles, "toy").judged
    assert judged is not None and judged.without_half.lowered == 0.9
    assert judged.without_half.p == pytest.approx(2 / 2**9), "nine heads of nine, or nine tails"


def test_headline_and_rows_tell_both_halves_and_the_masks_beside_them() -> None:
    elements, tiles = make_results([[0, 0.3, 0.9, 1]] * 12, [0.6] * 12)
    found = summarise(elements, tiles, tiles, "toy")
    assert CLAIM.headline(found) == (
        "The median image keeps 90.0% of its confidence without one repeated element, and 30% without half of "
        "them (90% if an odd number loses its smaller half)."
    )
    rows = {what: here for what, here, _ in CLAIM.rows(found)}
    assert rows["without half of the elements"] == (
        "keep 30% (quartiles 30% to 30%), less than whole in 100% (sign test, p = 0.0005); "
        "random squares of the same area leave 15% (quartiles 15% to 15%)"
    )
    assert rows["4 × 4 tiles shuffled"].startswith("keep 60%")


def test_record_of_no_image_is_json_and_says_so() -> None:
    elements, tiles = make_results([[], [0, 0.1, 0.1, 1]], [0.99, 0.3])
    found = summarise(elements, tiles, tiles, "toy")
    assert found.judged is None
    assert msgspec.json.decode(msgspec.json.encode(found), type=Repetition) == found
    assert CLAIM.judge(found) == UNTESTED and CLAIM.headline(found).startswith("No champion")
    assert CLAIM.rows(found)[0][1] == "none of 2 at 50% or more"
