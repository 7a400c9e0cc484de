"""The mathematics of diffusion: imports torch and nothing of ours."""
