"""Keeps the people behind the numbers out of the lake."""
