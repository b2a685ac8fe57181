"""The audit of one network: how certain it can be made of nonsense, and what would have noticed or helped.

A file imports only from those above it: files, natural, pixel_range, network; speed, plan; means; detection,
fooling_class; experiment.
"""
