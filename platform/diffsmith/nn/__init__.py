"""Building blocks that models of every family share: torch only, no family named here."""
