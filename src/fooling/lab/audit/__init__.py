"""The audit of one network: how certain it can be made of nonsense, and what would have noticed or helped.

A file imports only from those above it: record, verdict, telling, files; figures; folders, natural, asking, network;
speed, budget; attacks, defences, experiment. What is told or refused needs no TensorFlow: record to natural.
"""
