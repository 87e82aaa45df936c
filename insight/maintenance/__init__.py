"""Keeps the lake small, quick and whole; adds no row and takes none away."""
