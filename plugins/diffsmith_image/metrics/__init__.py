"""How good a set of pictures is, as one number."""
