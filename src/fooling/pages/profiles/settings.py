"""What makes up the size of an experiment: one frozen record per kind, checked where it is built."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class TrainingSettings:
    """How the digit networks are trained.

    Attributes:
        data: Name of a data set of :mod:`fooling.data.digits`.
        steps: Solver steps per network, batches of 64. The paper's solver runs 10,000 (``paper`` and ``extended``).
    """

    data: str
    steps: int

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise ValueError(f"steps is {self.steps}, but training needs at least 1.")


@dataclass(frozen=True)
class EvolutionSettings:
    """How long and how often images evolve.

    Attributes:
        runs: Independent runs. The paper shows one and compares 50 others in its supplement.
        generations: Generations after the random images. The paper reports 200 on MNIST.
        children: Random images at the start, and children per generation. The released code uses 200 on MNIST.
    """

    runs: int
    generations: int
    children: int

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            if isinstance(value, int) and value < 1:
                raise ValueError(f"{name} is {value}, but evolution needs at least 1.")


@dataclass(frozen=True)
class PhotographSettings:
    """On what the ImageNet networks are checked before they are fooled.

    Attributes:
        networks: Names for :func:`fooling.networks.imagenet.load_imagenet_network`.
        photographs: Name of photographs of :mod:`fooling.data.photographs`; the paper's are ImageNet's validation images.
        crops: Random crops of the photographs, whose confidences are compared with those of whole photographs.
    """

    networks: tuple[str, ...]
    photographs: str
    crops: int


@dataclass(frozen=True)
class ImageNetSettings(EvolutionSettings):
    """How long and how often images evolve for an ImageNet network.

    A search over all classes and one over a few are compared by children per cell: generations · children / classes.

    Attributes:
        baseline_runs: Independent runs of random search.
        network: The network to fool, by name.
        crops: "one" or "ten"; the released code averages ten.
        classes: The classes that get a cell; empty for all 1000.
    """

    baseline_runs: int
    network: str = "EfficientNet-Lite0"
    crops: str = "one"
    classes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.crops not in ("one", "ten"):
            raise ValueError(f"There are no crops {self.crops!r}; choose one or ten.")


@dataclass(frozen=True)
class TrainingSizeSettings(EvolutionSettings):
    """How many digits LeNet learns from, and how long images evolve against each of these networks.

    Attributes:
        sizes: Training digits, drawn with as many of each digit as there can be.
        networks: Initialisations for each size.
        steps: Solver steps per network.
    """

    sizes: tuple[int, ...]
    networks: int
    steps: int


@dataclass(frozen=True)
class RepetitionSettings:
    """On how many of page 08's images repeated elements are removed.

    Attributes:
        champions: The most confident ones that are not the same image.
        masks: Random masks, and shuffles of tiles, for each image.
    """

    champions: int
    masks: int


@dataclass(frozen=True)
class TransferSettings:
    """What evolves to be shown to other networks.

    Attributes:
        digits: Against each digit network, in both encodings.
        networks: ImageNet networks that the images of page 08 are shown to, the one they evolved on first.
        ensemble: Against the mean softmax of three ImageNet networks.
    """

    digits: EvolutionSettings
    networks: tuple[str, ...]
    ensemble: ImageNetSettings


@dataclass(frozen=True)
class DigitRetrainingSettings(EvolutionSettings):
    """How often a digit network learns a fooling class. The paper has 30 runs after the first iteration's 300.

    Attributes:
        iterations: Retrained networks, each from its own initialisation.
        steps: Solver steps per network.
    """

    iterations: int
    steps: int


@dataclass(frozen=True)
class ImageNetRetrainingSettings(ImageNetSettings):
    """How an ImageNet network learns a fooling class, and how images evolve before and after.

    Attributes:
        photograph_crops: Random crops of photographs on which the old network is the teacher.
        steps: Solver steps.
    """

    photograph_crops: int = 1_000
    steps: int = 1_000


@dataclass(frozen=True)
class RetrainingSettings:
    """The two experiments with a fooling class.

    Attributes:
        digits: On digits.
        imagenet: On ImageNet.
    """

    digits: DigitRetrainingSettings
    imagenet: ImageNetRetrainingSettings


@dataclass(frozen=True)
class AscentSizes:
    """How many images climb the gradient, and how far.

    Attributes:
        seeds: Starts for each class.
        classes: Classes by index; empty for all.
        most_steps: The paper's steps are cut off here; 0 for as many as the paper has.
    """

    seeds: int
    classes: tuple[int, ...] = ()
    most_steps: int = 0

    def __post_init__(self) -> None:
        if self.seeds < 1 or self.most_steps < 0:
            raise ValueError(
                f"Ascent needs at least 1 seed and no negative steps, not {self.seeds}, {self.most_steps}."
            )


@dataclass(frozen=True)
class AscentSettings:
    """Gradient ascent on both kinds of networks.

    Attributes:
        digits: On LeNet.
        imagenet: On the ImageNet network of page 08.
    """

    digits: AscentSizes
    imagenet: AscentSizes


@dataclass(frozen=True)
class DetectorSettings(EvolutionSettings):
    """How the detectors are tested: on finished runs, and on images that evolve against each detector.

    Runs, generations and children are those of evolution against one detector.

    Attributes:
        images: Of each kind of fooling image, at most.
    """

    images: int


@dataclass(frozen=True)
class AuditSettings:
    """How long the audit of one network may take.

    Attributes:
        minutes: The budget.
    """

    minutes: float

    def __post_init__(self) -> None:
        if not self.minutes > 0:
            raise ValueError(f"The budget is {self.minutes} minutes, but an audit needs more than 0.")
