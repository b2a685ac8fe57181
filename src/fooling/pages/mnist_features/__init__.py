"""Page 04: what champions of one digit share over independent runs (claim ``mnist-features``)."""
