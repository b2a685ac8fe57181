"""Page 09: does a network miss the repeated elements that are taken away?

A network that knows an image's global structure loses much when elements are missing or stand elsewhere, and gains
nothing from one part many times over. One that adds up local features does the opposite.
"""
