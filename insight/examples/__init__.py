"""From features and events to labelled examples in types that the tensor reader can bear."""
