"""Tiny experiments: repetition, features, transfer, training sizes, retraining, what the page of ascent measures."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import package
from inputs import (
    COLOUR,
    colour_network,
    digit_network,
    draw_blots,
    evolved_colours,
    few_digits,
    striped_pictures,
)
from recording import Arrays, case, list_arrays


@case()
def history() -> Arrays:
    run = evolved_colours()
    return {
        "log_odds": run.history,
        "parents": run.unroll("parent", -1),
        "shown": run.show(2, [5, 0]),
        "medians": package.find_medians(run.history),
    }


@case("elements.axes", "elements.pixels", "elements.elements")
def repetition() -> Arrays:
    network = colour_network(32, strength=0.5)
    photographs = package.choose_photographs(network, package.load_photographs("packaged"), 2)
    found = package.measure_repetition(network, striped_pictures(32), photographs, 2, 5, None)
    chosen = package.choose_champions(evolved_colours(), 5)
    return list_arrays(found) | list_arrays(chosen, "champions.") | list_arrays(photographs, "photographs.")


@case()
def features() -> Arrays:
    images = draw_blots(30, (28, 28, 1)).reshape(3, 10, 28, 28, 1)
    return list_arrays(package.compare_features(images, 4)) | {"looks": package.trace_looks(digit_network(), images)}


@case()
def comparisons() -> Arrays:
    run = evolved_colours()
    thumbnails = [package.shrink(images) for images in run.images]
    compared = package.compare_classes(run.log_odds, run.history[:, 0])
    alike = np.stack([package.correlate_all(one) for one in thumbnails])
    between = package.correlate_pairs(thumbnails[0], thumbnails[1])[None]
    neighbours = package.likeness.find_neighbours(run.classes)
    found = package.likeness.compare_likeness(alike, between, run.places, neighbours, 3)
    return {
        "thumbnails": np.stack(thumbnails),
        **{f"compared.{part}": np.asarray(getattr(compared, part)) for part in ("superiority", "p", "ahead")},
        **{f"quartiles.{part}": np.array(getattr(found, part)) for part in ("near", "random", "runs")},
        **list_arrays(found.against_random, "against_random."),
        **list_arrays(found.against_runs, "against_runs."),
        "shared": np.array([found.shared_near, found.shared_random]),
    }


@case()
def transfer_of_champions() -> Arrays:
    networks = {"own": colour_network(), "larger": colour_network(20, 8), "other": colour_network(seed=9)}
    return {
        **list_arrays(package.show_champions(evolved_colours(), networks, least=0.9), "champions."),
        **list_arrays(package.show_unbred(draw_blots(9), networks).transfer, "unbred.transfer."),
    }


@case(slow=True)
def transfer_of_searches() -> Arrays:
    networks = {"one": colour_network(), "other": colour_network(seed=9)}
    return list_arrays(
        package.evolve_and_show(networks, package.DirectEncoding(COLOUR), generations=3, children=8, seeds=range(2, 4))
    )


@case(slow=True)
def training_size() -> Arrays:
    settings = package.TrainingSizes(runs=2, generations=2, children=6, sizes=(50,), networks=1, steps=3)
    with TemporaryDirectory() as folder:
        return list_arrays(package.fool_network(few_digits(), 50, 1, settings, Path(folder), 0))


# Retraining


@case("images")
def fooling_images() -> Arrays:
    return {"images": package.draw_fooling_images(evolved_colours(), 19)}


@case()
def retrained_head() -> Arrays:
    network, images = colour_network(), draw_blots(40)
    below, old = package.split_head(network)
    features = package.compute_features(network, below, [images[:25], images[25:30]])
    labels = np.where(np.arange(30) % 3, np.arange(30) % 7, package.UNKNOWN)
    wrong = package.compute_features(network, below, [images[30:]])
    head = package.train_head(old, package.NaturalFeatures(features, labels), wrong, 15, 2)
    return {
        "features": features,
        **list_arrays(head),
        "log_odds": package.add_class(network, below, head).score(images),
    }


@case(slow=True)
def retrained_digits() -> Arrays:
    settings = package.ChainSizes(1, 2, 4, natural=4_000, iterations=1, steps=2, longer=4)
    with TemporaryDirectory() as folder:
        chain = package.retrain_digits(few_digits(100), settings, 6, Path(folder))
    return {name: part for place, (one, _) in enumerate(chain) for name, part in list_arrays(one, f"{place}.").items()}


@case(slow=True)
def retrained_imagenet() -> Arrays:
    settings = package.HeadSizes(runs=2, generations=2, children=6, photograph_crops=20, steps=5)
    with TemporaryDirectory() as folder:
        found, _ = package.retrain_imagenet(
            colour_network(), package.load_photographs("packaged"), settings, 0, Path(folder)
        )
    return list_arrays(found)


# Gradient ascent


@case(slow=True)
def ascents_measured() -> Arrays:
    judges = (colour_network(20, 8), colour_network(seed=9))
    wanted = package.ascents.Ascents(colour_network(), judges, package.AscentSizes(2, (1, 4), 3), 0, 3, (0.0, 0.03), 1)
    with TemporaryDirectory() as folder:
        return list_arrays(package.ascents.measure(wanted, Path(folder)))
