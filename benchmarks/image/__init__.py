"""The parts of benchmarks/image.py: checkpoints, the two sides, one process a figure, and the table."""
