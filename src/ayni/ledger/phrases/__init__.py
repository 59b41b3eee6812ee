"""What the ledger says to people, in Spanish, Portuguese and French."""
