"""What comparisons with diffusers share: rows, one process a figure, clocks, the roofline, the tables."""
