"""Redis URLs."""
