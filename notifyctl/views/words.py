"""Names of the engine's as somebody says them who looks after customers; what is not known here stays as it is."""

from __future__ import annotations

__all__ = ["channel_noun", "provider_name", "sentence", "template_words"]

_CHANNELS = {"email": "email", "whatsapp": "WhatsApp message"}
_PROVIDERS = {"sendgrid": "SendGrid", "smtp": "the mail server", "twilio": "Twilio", "outbox": "the sandbox outbox"}


def channel_noun(queue: str) -> str:
    """What a message of this queue is called: ``email``, ``WhatsApp message``; ``message`` where nobody knows."""
    return _CHANNELS.get(queue, "message")


def provider_name(provider: str) -> str:
    """What people call a provider."""
    return _PROVIDERS.get(provider, provider)


def template_words(template: str) -> str:
    """A template's name as two or three words: ``order confirmation``."""
    return template.replace("_", " ")


def sentence(text: str) -> str:
    """The text with a capital at its start."""
    return text[:1].upper() + text[1:]
