"""Pictures of a receptive field."""
