"""What this desk says, in Spanish, Portuguese and French: one catalogue a rule or family of rules."""
