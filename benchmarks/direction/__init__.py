"""Does an architecture sense motion? Clips whose classes differ only by the direction in which a thing moves.

python -m benchmarks.direction [NAME ...] [--results FILE] [--minutes 10]
"""
