"""Training: a generator of steps, checkpoints that are whole or not there, exact resume."""
