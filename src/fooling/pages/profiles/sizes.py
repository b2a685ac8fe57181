"""The size of every experiment at each profile, with the paper's value beside it."""

from __future__ import annotations

from collections.abc import Mapping

from fooling.pages.profiles.settings import (
    AscentSettings,
    AscentSizes,
    AuditSettings,
    DetectorSettings,
    DigitRetrainingSettings,
    EvolutionSettings,
    ImageNetRetrainingSettings,
    ImageNetSettings,
    PhotographSettings,
    RepetitionSettings,
    RetrainingSettings,
    TrainingSettings,
    TrainingSizeSettings,
    TransferSettings,
)

LITES = ("EfficientNet-Lite0", "EfficientNet-Lite1", "EfficientNet-Lite2")
# The classes that the paper's supplement shows images of, by gradient ascent; named here before any run of ours.
SUPPLEMENT_CLASSES = (
    *(200, 207, 215, 279, 366, 367, 390, 414, 445, 500),
    *(509, 580, 643, 657, 704, 713, 782, 805, 826, 906),
)

# The paper's solver runs 10,000 steps on 60,000 digits; 1,500 steps on 4,000 digits reach 96% in under a minute.
MNIST_NETWORKS: Mapping[str, TrainingSettings] = {
    "smoke": TrainingSettings(data="mnist-5k", steps=150),
    "default": TrainingSettings(data="mnist-5k", steps=1_500),
    "extended": TrainingSettings(data="mnist-5k", steps=10_000),
    "paper": TrainingSettings(data="mnist", steps=10_000),
}

# 200 children and 200 generations are the paper's own; only the number of runs is scaled.
MNIST_EVOLUTION: Mapping[str, EvolutionSettings] = {
    "smoke": EvolutionSettings(runs=2, generations=5, children=50),
    "default": EvolutionSettings(runs=5, generations=200, children=200),
    "extended": EvolutionSettings(runs=50, generations=200, children=200),
    "paper": EvolutionSettings(runs=50, generations=200, children=200),
}

IMAGENET_NETWORKS: Mapping[str, PhotographSettings] = {
    "smoke": PhotographSettings(networks=("EfficientNet-Lite0",), photographs="packaged", crops=20),
    "default": PhotographSettings(networks=LITES, photographs="packaged", crops=400),
    "extended": PhotographSettings(networks=LITES, photographs="packaged", crops=4_000),
    "paper": PhotographSettings(networks=LITES, photographs="imagenet-validation", crops=4_000),
}

# The paper breeds 200 children a generation for 20,000 generations: 4,000 children for each of 1000 cells. With 20
# children and 20 cells a generation of the default has one child per cell, where the paper's has a fifth of one.
IMAGENET_DIRECT: Mapping[str, ImageNetSettings] = {
    "smoke": ImageNetSettings(runs=2, generations=3, children=10, baseline_runs=1, classes=SUPPLEMENT_CLASSES[:5]),
    "default": ImageNetSettings(runs=3, generations=250, children=20, baseline_runs=2, classes=SUPPLEMENT_CLASSES),
    "extended": ImageNetSettings(runs=2, generations=400, children=200, baseline_runs=1),
    "paper": ImageNetSettings(runs=5, generations=20_000, children=200, baseline_runs=1, crops="ten"),
}

# The paper breeds 400 children a generation for 5,000 generations: 2,000 children for each of 1000 cells.
IMAGENET_CPPN: Mapping[str, ImageNetSettings] = {
    "smoke": ImageNetSettings(runs=2, generations=3, children=10, baseline_runs=1, classes=SUPPLEMENT_CLASSES[:5]),
    "default": ImageNetSettings(runs=3, generations=250, children=20, baseline_runs=2, classes=SUPPLEMENT_CLASSES),
    "extended": ImageNetSettings(runs=2, generations=200, children=400, baseline_runs=1),
    "paper": ImageNetSettings(runs=5, generations=5_000, children=400, baseline_runs=1, crops="ten"),
}

# The paper's hypothesis is about 60,000 digits against ImageNet's 1.3 million; here every size is of the same digits.
MNIST_TRAINING_SIZE: Mapping[str, TrainingSizeSettings] = {
    "smoke": TrainingSizeSettings(runs=1, generations=5, children=50, sizes=(100, 200), networks=1, steps=50),
    "default": TrainingSizeSettings(
        runs=2, generations=200, children=200, sizes=(500, 1_000, 2_000, 4_000), networks=2, steps=1_000
    ),
    "extended": TrainingSizeSettings(
        runs=5, generations=200, children=200, sizes=(500, 1_000, 2_000, 4_000), networks=3, steps=4_000
    ),
    "paper": TrainingSizeSettings(
        runs=10, generations=200, children=200, sizes=(500, 1_000, 2_000, 4_000, 60_000), networks=5, steps=10_000
    ),
}

REPETITION: Mapping[str, RepetitionSettings] = {
    "smoke": RepetitionSettings(champions=3, masks=1),
    "default": RepetitionSettings(champions=12, masks=5),
    "extended": RepetitionSettings(champions=40, masks=10),
    "paper": RepetitionSettings(champions=100, masks=20),
}

# Against three networks an image costs about five times as much; the paper's ensemble run has 4,000 generations.
TRANSFER: Mapping[str, TransferSettings] = {
    "smoke": TransferSettings(
        digits=EvolutionSettings(runs=1, generations=2, children=10),  # too few images at 99% for a verdict
        networks=LITES[:2],
        ensemble=ImageNetSettings(runs=1, generations=2, children=5, baseline_runs=1, classes=SUPPLEMENT_CLASSES[:5]),
    ),
    "default": TransferSettings(
        digits=MNIST_EVOLUTION["default"],
        networks=LITES,
        ensemble=ImageNetSettings(runs=2, generations=50, children=20, baseline_runs=1, classes=SUPPLEMENT_CLASSES),
    ),
    "extended": TransferSettings(
        digits=EvolutionSettings(runs=10, generations=200, children=200),
        networks=LITES,
        ensemble=ImageNetSettings(runs=2, generations=250, children=20, baseline_runs=1, classes=SUPPLEMENT_CLASSES),
    ),
    "paper": TransferSettings(
        digits=EvolutionSettings(runs=50, generations=200, children=200),
        networks=LITES,
        ensemble=ImageNetSettings(runs=5, generations=4_000, children=400, baseline_runs=1),
    ),
}

# The paper: 15 iterations, 30 runs each; the first fooling images come from 300 runs.
RETRAINING: Mapping[str, RetrainingSettings] = {
    "smoke": RetrainingSettings(
        digits=DigitRetrainingSettings(runs=1, generations=3, children=50, iterations=1, steps=50),
        imagenet=ImageNetRetrainingSettings(
            runs=2,
            generations=3,
            children=10,
            baseline_runs=1,
            classes=SUPPLEMENT_CLASSES[:5],
            photograph_crops=40,
            steps=20,
        ),
    ),
    "default": RetrainingSettings(
        digits=DigitRetrainingSettings(runs=5, generations=200, children=200, iterations=3, steps=1_500),
        imagenet=ImageNetRetrainingSettings(
            runs=3,
            generations=250,
            children=20,
            baseline_runs=2,
            classes=SUPPLEMENT_CLASSES,
            photograph_crops=2_000,
            steps=2_000,
        ),
    ),
    "extended": RetrainingSettings(
        digits=DigitRetrainingSettings(runs=30, generations=200, children=200, iterations=15, steps=4_000),
        imagenet=ImageNetRetrainingSettings(
            runs=5,
            generations=250,
            children=20,
            baseline_runs=2,
            classes=SUPPLEMENT_CLASSES,
            photograph_crops=4_000,
            steps=4_000,
        ),
    ),
    "paper": RetrainingSettings(
        digits=DigitRetrainingSettings(runs=30, generations=200, children=200, iterations=15, steps=10_000),
        imagenet=ImageNetRetrainingSettings(
            runs=5,
            generations=5_000,
            children=400,
            baseline_runs=1,
            crops="ten",
            photograph_crops=100_000,
            steps=50_000,
        ),
    ),
}

# The paper's supplement shows 20 classes with 5 seeds each.
GRADIENT_ASCENT: Mapping[str, AscentSettings] = {
    "smoke": AscentSettings(
        digits=AscentSizes(seeds=1, most_steps=20),
        imagenet=AscentSizes(seeds=1, classes=SUPPLEMENT_CLASSES[:2], most_steps=4),
    ),
    "default": AscentSettings(
        digits=AscentSizes(seeds=5),
        imagenet=AscentSizes(seeds=2, classes=SUPPLEMENT_CLASSES[::4], most_steps=100),
    ),
    "extended": AscentSettings(
        digits=AscentSizes(seeds=20),
        imagenet=AscentSizes(seeds=2, classes=SUPPLEMENT_CLASSES[::2]),
    ),
    "paper": AscentSettings(
        digits=AscentSizes(seeds=20),
        imagenet=AscentSizes(seeds=5, classes=SUPPLEMENT_CLASSES),
    ),
}

# Not in the paper; the fooling images are those of the pages before, and 1,000 held-out digits are the natural ones.
DETECTORS: Mapping[str, DetectorSettings] = {
    "smoke": DetectorSettings(runs=1, generations=3, children=50, images=50),
    "default": DetectorSettings(runs=3, generations=200, children=200, images=500),
    "extended": DetectorSettings(runs=10, generations=200, children=200, images=1_000),
    "paper": DetectorSettings(runs=50, generations=200, children=200, images=10_000),
}

# What the explorer evolves before anybody clicks, so that its page shows something when it is only read.
EXPLORER: Mapping[str, EvolutionSettings] = {
    "smoke": EvolutionSettings(runs=1, generations=2, children=50),
    "default": EvolutionSettings(runs=1, generations=50, children=100),
    "extended": EvolutionSettings(runs=1, generations=200, children=200),
    "paper": EvolutionSettings(runs=1, generations=200, children=200),
}

# On LeNet, where no network of one's own is named.
AUDIT: Mapping[str, AuditSettings] = {
    "smoke": AuditSettings(minutes=0.1),
    "default": AuditSettings(minutes=2.0),
    "extended": AuditSettings(minutes=10.0),
    "paper": AuditSettings(minutes=60.0),
}
