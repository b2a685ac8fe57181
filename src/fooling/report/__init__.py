"""The runner and the report: which pages are stale, run them, show them, publish them."""
