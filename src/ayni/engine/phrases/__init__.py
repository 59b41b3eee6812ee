"""What the engine says of its own accord, in Spanish, Portuguese, English and French."""
