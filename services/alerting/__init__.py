"""Reports in, alerts out; what cannot be read goes to `reports-rejected`."""
