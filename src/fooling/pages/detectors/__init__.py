"""Page 13: would detectors of today have noticed? No claim of the paper is judged."""
