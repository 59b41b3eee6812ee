"""What agreements say to people, in four languages."""
