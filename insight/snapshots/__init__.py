"""Customers and items as known at the end of a day: one definition for training and scoring."""
