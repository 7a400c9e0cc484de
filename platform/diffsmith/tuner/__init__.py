"""The tuner: a search space, an ask/tell loop over Optuna that yields trials, and their leaderboard."""
