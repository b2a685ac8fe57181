"""Page 13 looks at the very images of other pages, and says which page is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.evolution.evolve import evolve
from fooling.gradient_ascent.ascend import ascend
from fooling.gradient_ascent.settings import NONE
from fooling.lab.detectors.records import DetectorSizes
from fooling.pages.ascent.claim import AscentSizes, PageSizes
from fooling.pages.detectors import sources
from fooling.pages.page import Page
from fooling.pages.retraining.digits import retrain_digits
from fooling.pages.retraining.sizes import ChainSizes, RetrainingSizes


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> ChainSizes:
    """Return how often networks are retrained, having made the profile ``smoke`` tiny."""
    chain = ChainSizes(runs=1, generations=1, children=20, iterations=1, steps=20)
    tiny = {
        (sources, "SIZES"): DetectorSizes(runs=1, generations=1, children=20, images=20),
        (sources.ascent, "SIZES"): PageSizes(digits=AscentSizes(1, most_steps=3), imagenet=AscentSizes(1)),
        (sources.retraining, "SIZES"): RetrainingSizes(chain, None),  # type: ignore[arg-type]
    }
    for (module, name), sizes in tiny.items():
        monkeypatch.setattr(module, name, {"smoke": sizes})
    return chain


@pytest.mark.slow
def test_images_are_those_that_other_pages_made(lenet: Any, digits: Any, chain: ChainSizes, tmp_path: Path) -> None:
    few = digits._replace(train_images=digits.train_images[::20], train_labels=digits.train_labels[::20])
    page = Page("13_detectors", tmp_path / "smoke", 0)
    with pytest.raises(ValueError, match="02_mnist_direct has no search"):
        sources.measure_digits(page, lenet, few, "smoke", 0)
    sizes: dict[str, Any] = {"generations": 1, "children": 20, "seeds": range(2), "folder": page.runs}
    direct, cppn = (evolve(lenet, kind((28, 28, 1)), **sizes) for kind in (DirectEncoding, CppnEncoding))
    page._replace(name="02_mnist_direct").write({}, searches={"direct": direct})
    page._replace(name="03_mnist_cppn").write({}, searches={"cppn": cppn})
    climbed = ascend(lenet, NONE, range(10), (0,), 3, page.runs)
    networks = retrain_digits(few, chain, 0, page.runs)
    trained = sorted(page.runs.glob("network-*"))
    found = sources.measure_digits(page, lenet, few, "smoke", 0)
    close = {"rtol": 1e-3, "atol": 1e-3}
    for name, search in (("direct", direct), ("CPPN", cppn)):
        np.testing.assert_allclose(found.kinds[name].log_odds, search.log_odds.ravel(), **close)
    np.testing.assert_allclose(found.kinds["ascent"].log_odds, climbed.last_rounded.ravel(), **close)
    np.testing.assert_allclose(found.taught.log_odds[:10], networks[-1][0].log_odds[0], **close)
    assert sorted(page.runs.glob("network-*")) == trained, "no network is trained again"
