"""Clean, sessionise and build features in PySpark as most would write it: window functions."""
