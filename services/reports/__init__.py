"""What a report and an alert are: types, JSON codec, validation. Pure."""
