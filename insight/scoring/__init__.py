"""From champion and snapshots to scores and recommendations, in the executors."""
