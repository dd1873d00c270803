"""Worker processes against a real server and loopback providers."""
