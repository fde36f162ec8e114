"""The training loop, and what it needs: sampler, distillation, validation, several processes, logs."""
