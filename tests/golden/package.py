"""All that the cases use of the package, imported in this one place.

When something moves, change its import here. When it takes or gives its arguments another way, change the case that
calls it, too; the arrays stay as they are.
"""

# ruff: noqa: F401

from fooling.audit.experiment import audit_network
from fooling.audit.fooling_class import teach_fooling_class
from fooling.audit.natural import NaturalImages, load_natural, split_natural
from fooling.audit.network import Subject
from fooling.audit.plan import Plan as AuditPlan
from fooling.audit.plan import Size, make_plan
from fooling.audit.speed import LENET as LENET_SPEED
from fooling.certainty import measure_certainty
from fooling.comparison import compare_classes, compare_relatedness, correlate_siblings, shrink
from fooling.datasets import DIGITS, Digits, load_digits
from fooling.detectors import experiment as detectors
from fooling.detectors import inputs as detector_inputs
from fooling.detectors.imagenet import score_photographs
from fooling.detectors.measures import measure_calibration, measure_detector
from fooling.detectors.panel import Panel, fit_panel
from fooling.encodings import operators
from fooling.encodings.cppn import CppnEncoding
from fooling.encodings.direct import DirectEncoding
from fooling.encodings.random_images import draw_random_images
from fooling.encodings.random_search import RandomSearch
from fooling.evolution.evolution import Evolution
from fooling.evolution.evolve import evolve
from fooling.explorer.breeding import bear_children, show_genomes
from fooling.explorer.search import Search
from fooling.features import compare_features, trace_looks
from fooling.gradient_ascent import experiment as ascents
from fooling.gradient_ascent import settings as climbing
from fooling.gradient_ascent.ascend import ascend
from fooling.images import to_bytes
from fooling.networks import lenet
from fooling.networks.assessment import assess
from fooling.networks.classifier import Classifier
from fooling.networks.crops import average_ten_crops
from fooling.networks.ensemble import average_networks
from fooling.photographs import UNKNOWN, Photographs, load_photographs, random_crops
from fooling.profiles import (
    AscentSizes,
    DetectorSettings,
    DigitRetrainingSettings,
    EvolutionSettings,
    ImageNetRetrainingSettings,
    TrainingSettings,
    TrainingSizeSettings,
)
from fooling.repetition.measure import measure as measure_repetition
from fooling.repetition.pictures import Pictures, choose_champions, choose_photographs
from fooling.retraining.digits import retrain_digits
from fooling.retraining.fooling_images import draw_fooling_images
from fooling.retraining.head import Examples, Head, add_class, compute_features, split_head, train_head
from fooling.retraining.imagenet import retrain_imagenet
from fooling.runs import Page
from fooling.training_size import choose_digits, find_medians, fool_network
from fooling.transfer import evolve_and_show, show_champions, show_unbred
