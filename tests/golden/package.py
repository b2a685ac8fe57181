"""All that the cases use of the package, and where it stands.

When something moves, change its place here. When it takes or gives its arguments another way, change the case that
calls it, too; the arrays stay as they are. A module is imported when a case asks for it, so one that is broken breaks
no cases but its own.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

# By name: a module, or what a module holds.
PLACES = {
    "DIGITS": "fooling.data.digits:DIGITS",
    "Digits": "fooling.data.digits:Digits",
    "load_digits": "fooling.data.digits:load_digits",
    "Photographs": "fooling.data.photographs:Photographs",
    "UNKNOWN": "fooling.data.photographs:UNKNOWN",
    "load_photographs": "fooling.data.photographs:load_photographs",
    "random_crops": "fooling.data.photographs:random_crops",
    "CppnEncoding": "fooling.encodings.cppn:CppnEncoding",
    "DirectEncoding": "fooling.encodings.direct:DirectEncoding",
    "operators": "fooling.encodings.operators",
    "draw_random_images": "fooling.encodings.random_images:draw_random_images",
    "RandomSearch": "fooling.encodings.random_search:RandomSearch",
    "Evolution": "fooling.evolution.evolution:Evolution",
    "evolve": "fooling.evolution.evolve:evolve",
    "SearchSettings": "fooling.evolution.search:SearchSettings",
    "ascend": "fooling.gradient_ascent.ascend:ascend",
    "ascents": "fooling.pages.ascent.measure",
    "AscentSizes": "fooling.pages.ascent.claim:AscentSizes",
    "climbing": "fooling.gradient_ascent.settings",
    "to_bytes": "fooling.images:to_bytes",
    "audit_network": "fooling.lab.audit.experiment:audit_network",
    "teach_fooling_class": "fooling.lab.audit.defences:teach_fooling_class",
    "NaturalImages": "fooling.lab.audit.natural:NaturalImages",
    "load_natural": "fooling.lab.audit.natural:load_natural",
    "open_folder": "fooling.lab.audit.folders:open_folder",
    "split_natural": "fooling.lab.audit.natural:split_natural",
    "Subject": "fooling.lab.audit.network:Subject",
    "Budget": "fooling.lab.audit.budget:Budget",
    "Size": "fooling.lab.audit.budget:Size",
    "make_budget": "fooling.lab.audit.budget:make_budget",
    "LENET_SPEED": "fooling.lab.audit.speed:LENET",
    "detectors": "fooling.pages.detectors.digits",
    "score_photographs": "fooling.pages.detectors.photographs:score_photographs",
    "measure_calibration": "fooling.lab.detectors.measures:measure_calibration",
    "measure_detector": "fooling.lab.detectors.measures:measure_detector",
    "Panel": "fooling.lab.detectors.guard:Panel",
    "fit_panel": "fooling.lab.detectors.guard:fit_panel",
    "bear_children": "fooling.lab.explorer.breeding:bear_children",
    "show_genomes": "fooling.lab.explorer.breeding:show_genomes",
    "Search": "fooling.lab.explorer.search:Search",
    "assess": "fooling.networks.assessment:assess",
    "Classifier": "fooling.networks.classifier:Classifier",
    "average_ten_crops": "fooling.networks.ensemble:average_ten_crops",
    "average_networks": "fooling.networks.ensemble:average_networks",
    "NaturalFeatures": "fooling.networks.head:NaturalFeatures",
    "Head": "fooling.networks.adapt:Head",
    "add_class": "fooling.networks.head:add_class",
    "compute_features": "fooling.networks.head:compute_features",
    "split_head": "fooling.networks.head:split_head",
    "train_head": "fooling.networks.head:train_head",
    "lenet": "fooling.networks.lenet",
    "measure_certainty": "fooling.pages.certainty:measure_certainty",
    "compare_classes": "fooling.pages.comparison:compare_classes",
    "correlate_all": "fooling.pages.comparison:correlate_all",
    "correlate_pairs": "fooling.pages.comparison:correlate_pairs",
    "likeness": "fooling.pages.imagenet_cppn.likeness",
    "shrink": "fooling.pages.comparison:shrink",
    "trace_looks": "fooling.pages.mnist_features.looks:trace_looks",
    "compare_features": "fooling.pages.mnist_features.claim:compare_features",
    "DetectorSizes": "fooling.pages.detectors.records:DetectorSizes",
    "ChainSizes": "fooling.pages.retraining.sizes:ChainSizes",
    "HeadSizes": "fooling.pages.retraining.sizes:HeadSizes",
    "measure_repetition": "fooling.pages.repetition.measure:measure",
    "Pictures": "fooling.pages.repetition.pictures:Pictures",
    "choose_champions": "fooling.pages.repetition.pictures:choose_champions",
    "choose_photographs": "fooling.pages.repetition.pictures:choose_photographs",
    "retrain_digits": "fooling.pages.retraining.digits:retrain_digits",
    "walk_chain": "fooling.pages.retraining.digits:walk_chain",
    "draw_fooling_images": "fooling.pages.retraining.digits:draw_fooling_images",
    "retrain_imagenet": "fooling.pages.retraining.imagenet:retrain_imagenet",
    "TrainingSizes": "fooling.pages.training_size.claim:TrainingSizes",
    "choose_digits": "fooling.pages.training_size.fool:choose_digits",
    "find_medians": "fooling.pages.training_size.fool:find_medians",
    "fool_network": "fooling.pages.training_size.fool:fool_network",
    "evolve_and_show": "fooling.pages.transfer.showing:evolve_and_show",
    "show_champions": "fooling.pages.transfer.showing:show_champions",
    "show_unbred": "fooling.pages.transfer.showing:show_unbred",
}


def __getattr__(name: str) -> Any:
    """Return what stands at a place of :data:`PLACES`."""
    if name not in PLACES:
        raise AttributeError(f"package has no {name!r}; say in PLACES where it stands.")
    module, _, part = PLACES[name].partition(":")
    found = import_module(module)
    return getattr(found, part) if part else found
