"""From clip to logits on a CPU: this project's engine beside other runtimes of the same network."""
