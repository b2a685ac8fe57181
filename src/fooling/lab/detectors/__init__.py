"""Detectors of fooling images: scores that should be high for natural images only, and searches that know of them.

A file imports only from those above it: measures, scores; guard; panel; inputs; records; experiment, imagenet.
"""
