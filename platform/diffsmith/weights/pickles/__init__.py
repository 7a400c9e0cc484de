"""What torch.save wrote: read in a process of its own, weights only, and kept as safetensors."""
