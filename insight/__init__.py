"""Nightly customer insight and prediction for online shops."""

import os

# Horovod 0.28 knows only the legacy Keras. TensorFlow reads this switch once, at its
# import, in every process that imports anything of ours: driver, executor, rank.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

__version__ = "0.1.0"
