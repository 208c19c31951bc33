"""What every process has: settings, logs, metrics and health, a way to stop."""
