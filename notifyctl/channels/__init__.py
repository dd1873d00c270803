"""What a valid recipient is on each channel, and how a notification becomes a payload there."""
