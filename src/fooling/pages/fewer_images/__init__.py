"""Page 16: how few images a search needs that differs from the paper's (claim ``fewer-images``)."""
