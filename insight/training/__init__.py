"""From training examples to a challenger: contract, reader, loop, ranks, registry."""
