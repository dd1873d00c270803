"""From a notification to an accepted send. Knows no queue."""
