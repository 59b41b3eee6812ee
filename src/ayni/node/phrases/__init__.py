"""What a node says of itself to people, in Spanish, Portuguese and French."""
