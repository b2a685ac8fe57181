"""Figures: arrays in, figure out. Each carries a sentence of alternative text and shows itself in a notebook."""
