"""The names that latent diffusion's authors gave to tensors, and ours for them."""
