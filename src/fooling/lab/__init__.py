"""Applications of the library beyond the paper: the explorer, the audit of a network, detectors."""
