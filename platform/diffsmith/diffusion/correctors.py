"""Better places for x, once the clean estimate there is known: what a corrector adds to any solver."""
