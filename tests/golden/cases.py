"""All cases, by name: each computes something whose bytes the project keeps, at a tiny size."""

import case_detection
import case_experiments
import case_networks
import case_searches
from recording import CASES

__all__ = ["CASES", "case_detection", "case_experiments", "case_networks", "case_searches"]
