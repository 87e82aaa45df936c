"""The customer model: architecture, weights, calibration, and how it predicts.

Importing this package alone does not import TensorFlow; its modules that compute do.
"""
