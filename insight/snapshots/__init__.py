"""Visits, customers and items as known at the end of a day: one definition for all stages."""
