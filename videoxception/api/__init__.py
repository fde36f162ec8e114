"""What service and clients agree on: the JSON of answers (schemas.py) and of errors (problems.py). Needs no extra."""
