"""The explorer: a search that is watched, stopped and gone on with, and breeding by hand."""
