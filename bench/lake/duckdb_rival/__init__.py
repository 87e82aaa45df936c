"""Clean, sessionise and build features as DuckDB does it: SQL over the raw Parquet files."""
