"""notifyctl: email and WhatsApp notifications for shops, through a queue that loses and repeats nothing."""

__version__ = "0.1.0"
