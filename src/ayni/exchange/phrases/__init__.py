"""What the exchange says to people, in Spanish, Portuguese and French."""
