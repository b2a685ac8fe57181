"""Networks to fool: the classifier around any Keras model, and the networks of the experiments.

A file imports only from those above it: classifier, lenet; torch_weights, imagenet_names, efficientnet_lite,
applications, crops, imagenet; assessment.
"""
