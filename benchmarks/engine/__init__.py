"""From clip to logits on a CPU: this project's engine beside what else runs the same network."""
