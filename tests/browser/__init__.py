"""Tests that see the dashboard through a browser."""
