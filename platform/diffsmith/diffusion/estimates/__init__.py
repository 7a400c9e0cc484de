"""Which clean estimate to hold over a step: what makes one solver differ from another."""
