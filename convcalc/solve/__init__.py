"""The inverse question: which settings turn one size into another. See `conv`, `pool` and `transposed`."""
