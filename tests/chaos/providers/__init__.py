"""Providers that misbehave by a seeded plan, and note exactly what they were sent and what they took."""
