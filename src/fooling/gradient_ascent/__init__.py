"""Images that climb the gradient of a class's confidence.

A file imports only from those above it: settings, climb, records, ascend.
"""
