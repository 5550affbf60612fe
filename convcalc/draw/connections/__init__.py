"""Pictures of which maps feed which."""
