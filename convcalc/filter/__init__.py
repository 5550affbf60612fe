"""Convolution as an image filter: kernels with fixed weights, applied to pictures."""
