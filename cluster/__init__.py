"""The platform on Kubernetes, from outside: made, deployed, measured, shown, removed."""
