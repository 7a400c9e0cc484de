"""Schedulers that are not a clean estimate times a noise rule: each walks by a loop of its own."""
