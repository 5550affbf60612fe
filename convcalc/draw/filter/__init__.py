"""Pictures of a filter at work: the input, one pixel written out, and the result."""
