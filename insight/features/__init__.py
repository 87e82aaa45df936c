"""From events and visits to daily state, and from daily state to features, point in time."""
