"""How good a prediction is: rankings, probabilities, and how sure we are of the number."""
