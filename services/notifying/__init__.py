"""Alerts to people: by e-mail, webhook or log, each once, the many of a busy hour in digests."""
