"""Page 05: whether a network that learned from more digits is harder to fool (claim ``small-data``)."""
