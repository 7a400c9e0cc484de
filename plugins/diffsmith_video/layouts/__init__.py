"""How published networks of clips are configured: config.json in our options, and back."""
