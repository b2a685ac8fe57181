"""Page 12: what climbing the gradient finds, with and without L2 (claim ``gradient-ascent``)."""
