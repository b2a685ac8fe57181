"""Page 11: networks learn a fooling class, and images evolve against them again.

A file imports only from those above it: sizes; digit_claims, imagenet_claims, figures; fooling_images; digits; lesson,
imagenet. Only what stands behind figures imports TensorFlow.
"""
