"""The next item of sequences of items alone: leave-one-out, full ranking."""
