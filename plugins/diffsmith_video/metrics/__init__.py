"""How good a set of clips is, as one number."""
