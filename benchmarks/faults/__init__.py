"""Faults of machines, databases and clocks, each made on purpose: `uv run python -m benchmarks.faults`."""
