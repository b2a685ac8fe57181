"""A fooling class: networks that learn what fooled them are trained anew, and images evolve against them again.

A file imports only from those above it: fooling_images; digits; lesson, imagenet.
"""
