"""The queue: message, queue, attempt, lease, time. Knows no email and no WhatsApp."""
