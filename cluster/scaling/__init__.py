"""The scale demo: load rises, replicas follow, load falls, they go."""
