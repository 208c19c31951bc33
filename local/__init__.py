"""The platform on one machine, without Kubernetes: for the demo, the tests and the benchmarks."""
