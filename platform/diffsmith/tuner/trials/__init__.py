"""One trial: what is sent to a worker, how it is evaluated, where it runs."""
