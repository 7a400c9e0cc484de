"""Published classes of networks: their configurations in our terms, and back."""
