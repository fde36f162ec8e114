"""Latency and throughput of every architecture on this CPU, in one run, beside what each costs."""
