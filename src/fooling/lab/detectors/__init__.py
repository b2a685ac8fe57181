"""Detectors of fooling images: scores that should be high for natural images only, and networks guarded by them."""
