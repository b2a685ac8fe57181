"""Networks to fool: the classifier around any Keras model, and the networks of the experiments."""
