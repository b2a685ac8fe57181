"""An audit's numbers, as ``metrics.json`` of an audit holds them for people and CI, key by key.

A later format adds keys, and raises ``format`` where one changes. Beside these keys ``runs`` names the folders of
results that the numbers are read from.
"""

from __future__ import annotations

import msgspec

FORMAT = 1
ATTACKS = ("noise", "direct", "CPPN", "ascent")  # in the order of their knowledge of the network
COLOURS = ("black", "grey", "white", "red", "green", "blue")
CERTAIN = 0.99
FEW = 10  # images of a kind, below which a share of them is no finding
LEVELS = (50, 90, 99)  # per cent, that images are counted to

Bounded = tuple[float, float, float]  # a value and the ends of its 95% interval


class Part(msgspec.Struct, frozen=True, rename={"attack": "means", "attacks": "means", "class_name": "class"}):
    """A JSON object; format 1 says "means" for attacks, and "class" is a word of Python's own."""


class Network(Part, frozen=True):
    """What was audited."""

    name: str
    image_shape: tuple[int, int, int]  # height, width, channels
    classes: int  # how many it has
    input_range: tuple[float, float]  # what it expects for black and for white


class Worst(Part, frozen=True):
    """The most certain nonsense."""

    class_name: str  # "class"
    attack: str  # "means": what made it
    confidence: float


class Attacked(Part, frozen=True):
    """What one attack achieved."""

    runs: int
    images: int  # shown to the network in a run, for all classes together
    median: float  # confidence over classes and runs
    runs_range: tuple[float, float]  # the lowest and the highest median of a run
    classes_at: dict[str, int]  # by 50, 90 and 99 the number of classes that the best run took there
    images_to: dict[str, float | None]  # by the same the images until half of the classes of all runs were there


class FooledClass(Part, frozen=True):
    """A class with a cell."""

    index: int
    name: str
    confidence: dict[str, float]  # by attack, of the best run


class OnNoise(Part, frozen=True):
    """Confidence of noise images in any class."""

    median: float
    highest: float
    class_name: str = ""  # "class": what most of them are taken for


class Plain(Part, frozen=True):
    """What an image of one colour only is taken for."""

    class_name: str  # "class"
    confidence: float


class OnReal(Part, frozen=True):
    """The network on real images."""

    images: int
    median: float  # confidence
    right: float | None  # share; null without labels, as what follows
    median_right: float | None
    median_wrong: float | None


class Separation(Part, frozen=True):
    """How well a detector tells real images from nonsense of one kind."""

    auroc: Bounded  # how often a real image scores higher; the interval is a bootstrap's
    passed: Bounded  # share of nonsense above a threshold that 95% of the real images pass; the interval is Wilson's


class Temperature(Part, frozen=True):
    """What dividing the logits by a number would change, on those real images that it was not fitted on."""

    value: float  # it makes the labels of the other half most likely
    fitted: bool  # false where it is an end of its range
    calibration_error: tuple[float, float]  # before and after
    certain: dict[str, tuple[float, float]]  # by kind of nonsense the share with 99% in some class, before and after
    real: tuple[float, float]  # median confidence on real images, before and after


class FoolingClass(Part, frozen=True):
    """What a network does whose last layer has learned that nonsense is a class of its own."""

    known: dict[str, float | None]  # by kind the share of unseen nonsense that it calls fooling; null without any
    unseen: dict[str, int]  # by kind how many images these are
    lost: float  # share of unseen real images that it calls fooling
    right: tuple[float, float] | None  # share of them that is right, before and after; null without labels
    images: int  # CPPN images evolved in a run
    median: tuple[float, float]  # confidence of CPPN images evolved with so many images, before and after


class Defences(Part, frozen=True, kw_only=True):
    """What would have noticed nonsense, or helped; null what was not tested.

    Nonsense is random noise, and the different images that each other attack brought to at least 50% for their class.
    """

    detectors: dict[str, dict[str, Separation]] | None = None  # by detector and kind of nonsense
    nonsense: dict[str, int] | None = None  # by kind how many images
    measured_with: int | None = None  # so many real images
    temperature: Temperature | None = None
    fooling_class: FoolingClass | None = None


class Found(Defences, frozen=True, kw_only=True):
    """All that an audit found."""

    format: int = FORMAT
    network: Network
    doubts: tuple[str, ...] = ()  # sentences on what makes these numbers doubtful; none if nothing
    budget_minutes: float
    cut: tuple[str, ...]  # sentences on what the budget left out
    untested: tuple[str, ...]  # sentences on what could not be tested
    audited: int  # how many classes had a cell
    fooled: int  # in how many of them some attack reached 99%
    fooled_share: float  # the second by the first: the number to hold a limit against
    worst: Worst
    attacks: dict[str, Attacked]  # "means": by attack
    classes: tuple[FooledClass, ...]
    noise: OnNoise
    plain: dict[str, Plain]  # by colour
    real: OnReal | None
    search: str = "paper"  # whose images were bred: the paper's, or "fewest" of page 16
    pictures: tuple[str, ...] = ()  # sentences on how real images were read, and on what was left out
