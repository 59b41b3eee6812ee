"""What the evaluation says, in four languages."""
