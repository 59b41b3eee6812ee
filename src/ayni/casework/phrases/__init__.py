"""What reports say, in four languages."""
