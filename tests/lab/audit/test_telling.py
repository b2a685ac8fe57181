"""An audit as numbers, as JSON and as the lines of a slide, from attempts that are made up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import msgspec
import numpy as np
import pytest

from fooling.lab.audit import verdict
from fooling.lab.audit.attacks import Attempt
from fooling.lab.audit.budget import Budget, Size
from fooling.lab.audit.experiment import summarise, summarise_real
from fooling.lab.audit.natural import NaturalImages
from fooling.lab.audit.record import Defences, FoolingClass, Found, OnNoise, Separation, Temperature
from fooling.lab.audit.telling import (
    find_best_detector,
    tabulate_attacks,
    tabulate_audit,
    tabulate_defences,
    tabulate_plain,
    tell_audit,
)
from fooling.lab.audit.verdict import give_verdict, judge, read_references
from fooling.pages.your_network import tabulate_networks

EASILY = "Easily fooled, in half of the classes or more"
BUDGET = Budget(3.0, (0, 2), 4, *[Size(1, 1, 1)] * 4, 1, 1)
# Of the first format; users' own scripts read them.
KEYS = {
    "": "format network doubts budget_minutes cut untested audited fooled fooled_share worst means classes noise plain "
    "pictures real search detectors nonsense measured_with temperature fooling_class",
    "network": "name image_shape classes input_range",
    "worst": "class means confidence",
    "noise": "median highest class",
    "real": "images median right median_right median_wrong",
    "temperature": "value fitted calibration_error certain real",
    "fooling_class": "known unseen lost right images median",
}


def log_odds(confidence: float) -> float:
    return float(np.log(confidence / (1 - confidence)))


def make_attempt(confidences: list[list[float]], steps: int = 100) -> Attempt:
    """Return an attempt with a row of confidences for each run, which took all its images to get there."""
    final = np.array([[log_odds(part) for part in run] for run in confidences], np.float32)
    levels = np.array([log_odds(level / 100) for level in (50.1, 90, 99)])
    needed = np.where(final[:, None] >= levels[:, None], steps, np.nan)
    return Attempt(final, np.empty(0), needed, np.array([steps // 2, steps]), np.stack([final / 2, final], axis=1))


ATTEMPTS = {
    "noise": make_attempt([[0.2, 0.3]]),
    "direct": make_attempt([[0.6, 0.95], [0.7, 0.995]]),
    "CPPN": make_attempt([[0.999, 0.9]]),
    "ascent": make_attempt([[0.8, 0.7]]),
}
SEPARATED = {
    "maximum softmax": {
        "noise": Separation((0.5, 0.4, 0.6), (0.5, 0.2, 0.8)),
        "direct": Separation((0.7,) * 3, (0.75,) * 3),
    },
    "energy": {"noise": Separation((0.1, 0.1, 0.2), (0.1, 0.0, 0.2)), "direct": Separation((0.2,) * 3, (0.25,) * 3)},
}
WARMED = Temperature(1.5, True, (0.08, 0.02), {"noise": (0.1, 0.0), "direct": (1.0, 0.75)}, (0.9, 0.8))
LEARNED = FoolingClass({"noise": 0.5, "direct": None}, {"noise": 2, "direct": 0}, 0.01, (0.75, 0.5), 60, (0.8, 0.3))
DEFENCES = Defences(
    detectors=SEPARATED,
    nonsense={"noise": 10, "direct": 4, "CPPN": 2, "ascent": 2},
    measured_with=2,
    temperature=WARMED,
    fooling_class=LEARNED,
)


def make_found(defences: Defences = DEFENCES, has_real: bool = True, untested: tuple[str, ...] = ()) -> Found:
    """Return the numbers of made-up attempts, as a file gives them back."""
    network = SimpleNamespace(
        name="net",
        image_shape=(4, 5, 1),
        class_names=("a", "b", "c"),
        input_range=(0.0, 1.0),
        score=lambda images: np.array([[-9.0, -8.0, 2.0], [1.0, 0.0, -1.0], [0.0, 3.0, 1.0]]),
    )
    natural = NaturalImages("toy", np.empty(0), np.array([0, 1, 1, 0]))
    real = summarise_real(np.array([0.9, 0.8, 0.4, 0.95]), np.array([0, 1, 2, 0]), natural)[0] if has_real else None
    found = summarise(network, BUDGET, ATTEMPTS, OnNoise(0.3, 0.5), real, defences, (), untested)
    return msgspec.convert(json.loads(json.dumps(msgspec.to_builtins(found), sort_keys=True)), Found)


@pytest.fixture
def found() -> Found:
    return make_found()


def test_the_file_has_the_keys_of_the_first_format(found: Found) -> None:
    content = msgspec.to_builtins(found)
    assert content["format"] == 1
    for part, keys in KEYS.items():
        assert set(content[part] if part else content) == set(keys.split()), part
    for attack in content["means"].values():
        assert set(attack) == {"runs", "images", "median", "runs_range", "classes_at", "images_to"}
    assert set(content["plain"]["black"]) == {"class", "confidence"}
    assert set(content["classes"][0]) == {"index", "name", "confidence"}
    assert set(content["detectors"]["energy"]["noise"]) == {"auroc", "passed"}


def test_numbers_are_those_of_the_best_run_and_of_the_median_class(found: Found) -> None:
    assert (found.audited, found.fooled, found.fooled_share) == (2, 2, 1.0)
    assert (found.worst.class_name, found.worst.attack) == ("a", "CPPN")
    direct = found.attacks["direct"]
    assert direct.classes_at == {"50": 2, "90": 1, "99": 1}
    assert direct.median == pytest.approx((0.7 + 0.95) / 2, abs=1e-6)
    assert direct.runs_range == pytest.approx([(0.6 + 0.95) / 2, (0.7 + 0.995) / 2], abs=1e-6)
    assert [one.name for one in found.classes] == ["a", "c"]
    assert found.classes[1].confidence["direct"] == pytest.approx(0.995, abs=1e-6)


def test_images_are_counted_until_half_of_the_classes_were_there(found: Found) -> None:
    assert found.attacks["direct"].images_to == {"50": 100.0, "90": 100.0, "99": None}
    assert found.attacks["noise"].images_to == {"50": None, "90": None, "99": None}


def test_real_images_are_told_by_whether_they_are_right(found: Found) -> None:
    assert msgspec.structs.astuple(found.real) == (4, pytest.approx(0.85), 0.75, 0.9, 0.4)
    unlabelled = NaturalImages("toy", np.empty(0), np.array([0, -1]))
    numbers, groups = summarise_real(np.array([0.9, 0.8]), np.array([0, 1]), unlabelled)
    assert numbers.right is numbers.median_right is numbers.median_wrong is None and list(groups) == ["real"]


def test_summary_fits_a_slide_and_keeps_the_order_of_attacks(found: Found) -> None:
    lines = tell_audit(found)
    assert 6 <= len(lines) <= 11 and max(map(len, lines)) < 260
    said = "\n".join(lines)
    assert "4 × 5 × 1, 3 classes, 3 minutes." in said and "noise 25.00%, direct 82.50%" in said
    assert lines[0].startswith(f"{EASILY}: nonsense reached 85.00%, the median of real images, in 2 of 2 classes")
    assert lines[1].startswith("What to do: do not take its confidence") and "Most certain: a, 99.90" in said
    noise = "A single image of noise: taken for one class or another, with 30.00% in the median and at most 50.00%;"
    assert noise in said
    assert "; the noise above is the best of 100 such images for each class." in said
    assert "which 95% of real images pass: noise 5 of 10; with the best detector, energy: noise 1 of 10." in said, (
        "4 are too few"
    )
    assert "fell from 8.0 to 2.0 points; of the images by noise, 1 of 10 have 99% before and 0 of 10 after." in said
    assert "A fooling class catches, of unseen images: real images 1.0%. CPPN images" in said
    assert "CPPN images evolved again, 60: median 80.00% before, 30.00% after." in said


def test_a_temperature_at_an_end_is_no_fit_and_one_that_makes_errors_larger_is_told_as_such() -> None:
    def tell(value: float, errors: tuple[float, float], fitted: bool = True) -> tuple[str, str]:
        warmed = Temperature(value, fitted, errors, WARMED.certain, WARMED.real)
        changed = make_found(msgspec.structs.replace(DEFENCES, temperature=warmed))
        return next(line for line in tell_audit(changed) if "emperature" in line), tabulate_defences(changed)

    line, rows = tell(0.01, (0.08, 0.02), fitted=False)
    assert line == "Temperature: every image of the half to fit on is right, so no temperature can be fitted."
    assert "calibration error" not in rows and "no temperature can be fitted" in rows
    assert "labels are no better than chance" in tell(100.0, (0.08, 0.02), fitted=False)[0]
    assert "rose, though the likelihood chose this temperature, from 2.0 to 8.0" in tell(1.5, (0.02, 0.08))[0]
    assert "stayed at 2.0 points" in tell(1.5, (0.02, 0.02))[0]


def test_of_kinds_of_nonsense_that_are_equal_the_same_is_named_whatever_order_a_file_has_kept() -> None:
    certain = {"CPPN": (1.0, 0.5), "direct": (1.0, 0.5)}
    counts = {"noise": 10, "CPPN": 20, "direct": 20, "ascent": 2}
    told = set()
    for kinds in (certain, dict(reversed(certain.items()))):
        warmed = Temperature(1.5, True, (0.1, 0.1), kinds, (0.9, 0.8))
        found = make_found(msgspec.structs.replace(DEFENCES, temperature=warmed, nonsense=counts))
        told.add(next(line for line in tell_audit(found) if line.startswith("Temperature")))
    assert len(told) == 1 and "of the images by direct, 20 of 20" in told.pop()


def test_a_threshold_is_the_best_detector_where_none_is_better() -> None:
    same, better = ({"noise": Separation((0.5,) * 3, (share,) * 3)} for share in (0.5, 0.4))
    assert find_best_detector({"energy": same, "maximum softmax": same}) == "maximum softmax"
    assert find_best_detector({"energy": better, "maximum softmax": same}) == "energy"


def test_the_best_detector_is_that_whose_worst_kind_passes_least_and_then_the_best_on_average() -> None:
    shares = {"energy": (0.0, 0.6), "feature distance": (0.5, 0.5), "maximum softmax": (0.4, 0.5)}

    def find_best(*names: str) -> str:
        kinds = {
            name: {
                kind: Separation((0.5,) * 3, (share,) * 3)
                for kind, share in zip(("direct", "CPPN"), shares[name], strict=True)
            }
            for name in names
        }
        return find_best_detector(kinds)

    assert find_best("energy", "feature distance") == "feature distance"  # though more passes on average
    assert find_best("feature distance", "maximum softmax") == "maximum softmax"


def test_an_audit_without_real_images_is_told_too() -> None:
    bare = make_found(Defences(), has_real=False, untested=("Nothing was tested.",))
    lines = tell_audit(bare)
    assert lines[-1] == "Nothing was tested." and any("none were given" in line for line in lines)
    assert tabulate_defences(bare) == "Neither was tested, as said above."


def test_tables_have_a_row_for_each_attack_and_a_column_for_each_colour(found: Found) -> None:
    rows = tabulate_attacks(found).splitlines()[2:]
    assert [row.split(" | ")[0].strip("| ") for row in rows] == ["noise", "direct", "CPPN", "ascent"]
    assert "2 × 100 | 82.50% (77.50% to 84.75%) | 2, 1, 1 of 2 | 100; 100; never" in rows[1]
    assert tabulate_plain(found).splitlines()[0] == "|  | black | grey | white |"
    assert "c, 88.08%" in tabulate_plain(found)
    defences = tabulate_defences(found)
    assert "| calibration error, real images | 8.0 points | 2.0 points |" in defences
    assert "| nonsense at 99%: noise | 10% (1 of 10) | 0% (0 of 10) |" in defences
    assert "| nonsense at 99%: direct | 4 of 4, too few to say | 3 of 4, too few to say |" in defences
    assert "| unseen nonsense called fooling: noise |  | 1 of 2, too few to say |" in defences


def test_a_handful_of_real_images_is_counted_and_says_no_more(found: Found) -> None:
    assert "Real images (4): too few to say more." in tell_audit(found)
    many = msgspec.structs.replace(found, real=msgspec.structs.replace(found.real, images=10), pictures=("All grey.",))
    lines = tell_audit(many)
    assert lines[lines.index("Real images (10): median confidence 85.00%, 75.0% right.") + 1] == "All grey."


def test_telling_needs_no_tensorflow() -> None:
    code = "import sys, fooling.lab.audit.telling, fooling.report.audit; print('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_verdict_hangs_on_what_real_images_reach_and_follows_the_doubts() -> None:
    found = make_found()
    for median, words in (
        (0.999, f"{EASILY}: nonsense reached 99% in 2 of 2 classes"),
        (0.9985, f"{EASILY}: nonsense reached 99% in"),
        (0.5, f"{EASILY}: nonsense reached 50.00%, the median of real images, in 2 of 2 classes within 3 minutes."),
    ):
        changed = msgspec.structs.replace(found, real=msgspec.structs.replace(found.real, median=median))
        assert give_verdict(changed).startswith(words)
    tame = tuple(msgspec.structs.replace(one, confidence={"noise": 0.3}) for one in found.classes)
    safe = msgspec.structs.replace(found, classes=tame, fooled=0, real=None)
    verdict, advice = judge(safe)
    assert verdict.startswith("Not fooled within this budget: nonsense reached 99% in 0 of 2 classes within 3 minutes")
    assert "audit it longer (--budget)" in advice
    first, second, *_ = judge(msgspec.structs.replace(safe, doubts=("It is not known.",)))
    assert (first, second) == ("Doubtful: It is not known.", verdict)


def test_a_page_has_the_verdict_in_bold_over_a_table_of_the_other_lines(found: Found) -> None:
    said, _, head, _, *rows = tabulate_audit(found).splitlines()
    assert said.startswith(f"**{EASILY}: nonsense reached") and said.endswith("**") and len(said.split()) <= 35
    assert head == "|  | here |" and len(rows) >= len(tell_audit(found)) - 1
    assert any(row.startswith("| Most certain | a, 99.90") for row in rows)
    assert not any(row.endswith("|  |") for row in rows), "no sentence stands in the column of names"


def test_a_detector_is_advised_by_the_images_of_the_worst_kind_that_it_lets_pass() -> None:
    def advise(passed: tuple[float, float, float], count: int = 20) -> str:
        kinds = {"noise": Separation((0.9,) * 3, (0.0,) * 3), "direct": Separation((0.9,) * 3, passed)}
        counts = {"noise": 10 if count >= 10 else count, "direct": count, "CPPN": 2, "ascent": 2}
        detectors = {"maximum softmax": kinds}
        return judge(make_found(msgspec.structs.replace(DEFENCES, detectors=detectors, nonsense=counts)))[1]

    let = "lets 1 of 20 images by direct pass (95% interval: 1% to 24%)."
    assert advise((0.05, 0.009, 0.236)).endswith(f"; add a detector by maximum softmax: it {let}")
    assert "tested stops the nonsense: the best one, maximum softmax, lets 10 of 20 images" in advise((0.5, 0.3, 0.7))
    assert "too few to say what would notice it" in advise((0.5, 0.3, 0.7), count=4)


def test_what_is_published_of_networks_stands_beside_a_verdict(
    found: Found, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lenet = msgspec.to_builtins(found)
    other = lenet | {"network": lenet["network"] | {"name": "SqueezeNet"}, "fooled": 3, "audited": 5}
    monkeypatch.setattr(verdict, "PUBLISHED", tmp_path / "page.json")
    assert give_verdict(found).endswith("within 3 minutes.")
    (tmp_path / "page.json").write_text(json.dumps({"records": {"audit": lenet, "SqueezeNet": other}}))
    compared = f"To compare, at 99% within 3 minutes: {found.network.name} 2 of 2 and SqueezeNet 3 of 5."
    assert give_verdict(found).endswith(f"within 3 minutes. {compared}")
    rows = tabulate_networks([found, *read_references()]).splitlines()[2:]
    assert len(rows) == 3 and "| SqueezeNet | the paper's | 3 of 5, 3 minutes |" in rows[2]
    assert "| SqueezeNet | the paper's | 3 of 5, 3 minutes | 25.00% |" in rows[2], "noise never took its class to 99%"
    bred = msgspec.structs.replace(found, search="fewest")
    assert give_verdict(bred).endswith("within 3 minutes."), "another search is nothing to compare with"


def test_every_published_audit_of_a_network_has_the_same_budget() -> None:
    assert len({one.budget_minutes for one in read_references()}) == 1
    assert {one.network.name for one in read_references()} >= {"LeNet"}
