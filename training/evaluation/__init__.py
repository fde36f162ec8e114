"""From a model's logits to figures with intervals: predictions, calibration, OOD, cross-validation, leakage."""
