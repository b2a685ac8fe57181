"""Networks to fool: the classifier around any Keras model, and the networks of the experiments.

A file imports only from those above it: classifier, lenet; torch_weights, pickled_weights, imagenet_names,
efficientnet_lite, squeezenet, applications, crops, imagenet; assessment.
"""
