"""What a sweep leaves: its leaderboard, tables, pictures and best pipeline."""
