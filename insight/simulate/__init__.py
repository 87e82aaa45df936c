"""A shop with known truth, of any size: to test, to measure, and to check predictions against."""
