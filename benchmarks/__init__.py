"""Side-by-side measurements, each one command; peers run in an environment of their own."""
