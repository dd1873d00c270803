"""Circuits on a real server, and what a fleet makes of them."""
