"""A fleet of drones that never was: a pure, seeded model, and the sender of its reports."""
