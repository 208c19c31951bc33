"""New York's parking history, from CSV files to reports."""
