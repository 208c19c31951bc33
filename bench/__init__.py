"""Measurements of the platform's parts, each against a peer in the same run. docs/benchmarks.md."""
