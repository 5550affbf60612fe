"""Pictures of a whole network."""
