"""What networks of clips are told: (component, *, options) -> Conditioner."""
