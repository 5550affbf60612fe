"""The questions asked backwards: which settings give what is wanted."""
