"""Pipelines in one file, as the programs of their authors wrote them."""
