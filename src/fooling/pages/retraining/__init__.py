"""Page 11. A fooling class: networks learn what fooled them, and images evolve against them again.

A file imports only from those above it: sizes; chain_claim, error_claim, imagenet_claim, figures; fooling_images;
digits; lesson, imagenet. What stands before fooling_images imports no TensorFlow.
"""
