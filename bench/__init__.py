"""Measurements; each writes bench/results/<name>.json."""
