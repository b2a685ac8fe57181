"""Detectors of fooling images: scores that should be high for natural images only, and searches that know of them.

A file imports only from those above it: names, measures; records, results; scores; guard; panel; inputs; experiment,
photographs. Figures and pictures draw what results and records hold.
"""
