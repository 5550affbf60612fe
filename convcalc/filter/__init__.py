"""Convolution as an image filter: fixed weights, on real pictures."""
