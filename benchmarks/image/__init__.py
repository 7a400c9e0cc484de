"""Pictures against diffusers: checkpoints, sizes, and the two sides of benchmarks/image.py."""
