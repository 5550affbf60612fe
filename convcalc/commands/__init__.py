"""The bodies of the commands, one file each. Only these, and `cli`, print or exit."""
