"""What training and scoring must agree on: vocabularies, sequence tokens, feature scales."""
