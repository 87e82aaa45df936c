"""The next click of a session: full ranking over all training items."""
