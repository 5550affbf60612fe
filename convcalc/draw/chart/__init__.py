"""Charts of what each layer costs."""
