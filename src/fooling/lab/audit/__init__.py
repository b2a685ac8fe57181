"""The audit of one network: how certain it can be made of nonsense, and what would have noticed or helped.

A file imports only from those above it: record, verdict, telling, files; figures; folders, natural, pixel_range,
asking, network; speed, budget; attacks; detection, fooling_class, summary; experiment. What is told or refused needs no
TensorFlow: record to natural.
"""
