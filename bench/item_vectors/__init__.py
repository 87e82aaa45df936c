"""Next items with and without the vectors of items' words and pictures, on a night's examples."""
