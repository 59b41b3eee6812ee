"""Words of the command line, in four languages."""
