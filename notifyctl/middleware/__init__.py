"""Dramatiq middleware: turns results and exceptions into a Disposition, and never writes a key."""
