"""What PyTorch and torchvision answer, kept for the tests, which need neither."""
