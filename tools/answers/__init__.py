"""Scripts that store the answers of PyTorch and torchvision for the tests, which need neither."""
