"""Clips against diffusers: checkpoints, sizes, and the two sides of benchmarks/video.py."""
