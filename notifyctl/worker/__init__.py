"""Worker processes: the supervisor, and the one child it spawns several of."""
