"""Weights: bytes to named tensors to a network, and back."""
