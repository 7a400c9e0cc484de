"""Blocks of networks that make clips: frames folded into the batch, and what looks along them."""
