"""What detectors and kinds of fooling images are called, in the order in which pages show them."""

from __future__ import annotations

MAXIMUM_SOFTMAX, MAXIMUM_LOGIT, ENERGY = "maximum softmax", "maximum logit", "energy"
SCALED, ODIN, FEATURES, FOOLING_CLASS = "temperature scaling", "ODIN", "feature distance", "fooling class"
DETECTORS = (MAXIMUM_SOFTMAX, SCALED, MAXIMUM_LOGIT, ENERGY, ODIN, FEATURES, FOOLING_CLASS)
# Detectors that evolution meets as one class more. Maximum softmax is what every search climbs anyway, and the fooling
# class is a network of its own, which page 11 evolves against.
GUARDING = (SCALED, MAXIMUM_LOGIT, ENERGY, ODIN, FEATURES)
ENCODINGS = ("direct", "CPPN")
KINDS = (*ENCODINGS, "ascent", "noise", "shuffled digits")
PHOTOGRAPH_KINDS = ("CPPN", "noise")
AFTER = (*(f"{encoding}, {name}" for encoding in ENCODINGS for name in GUARDING), f"CPPN, {FOOLING_CLASS}")
