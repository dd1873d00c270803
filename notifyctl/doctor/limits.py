"""The limits: whether they stay below what the providers are known to take, and whether a stop waits for a send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from notifyctl.doctor.channels import mails, texts
from notifyctl.doctor.finding import Finding, Status
from notifyctl.units import Rate, format_duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from notifyctl.settings import Settings

__all__ = ["check_limits", "check_timeouts"]

#: The sender that Twilio lends to everybody who tries WhatsApp.
_TWILIO_SANDBOX: Final = "+14155238886"


@dataclass(frozen=True, slots=True)
class _Known:
    """What a provider takes from one account.

    Attributes:
        queue: Whose messages it takes.
        most: How many.
        beyond: What it does with more.
    """

    queue: str
    most: Rate
    beyond: str


# https://www.twilio.com/docs/whatsapp/api: 80 messages a second for each sender, up to 400 on request
_TWILIO: Final = _Known("whatsapp", Rate(80), "Twilio queues what is beyond it for hours, and then fails it")
_TRIAL: Final = _Known("whatsapp", Rate(1, 3_000), "Twilio's shared trial sender takes no more")
# published nowhere by SendGrid: what its customers report
_SENDGRID: Final = _Known("email", Rate(10_000), "SendGrid refuses what is beyond it")


def check_limits(settings: Settings, live: Mapping[str, Rate]) -> Finding:
    """Return whether the limits in force are below the providers' own.

    Args:
        settings: What is configured.
        live: What operators set instead, by queue.
    """
    for known in _known(settings):
        rate = live.get(known.queue, settings.queues[known.queue].rate)
        if rate.per_second <= known.most.per_second:
            continue
        told = "has no limit" if rate.unlimited else f"is limited to {rate}"
        place = "live" if known.queue in live else "in the settings"
        how = (
            f"notifyctl queue limit {known.queue} --rate {known.most}, or --clear."
            if known.queue in live
            else f"Set NOTIFYCTL_{known.queue.upper()}_RATE to {known.most} or less, or to what you agreed on with it."
        )
        return Finding("limits", Status.WARN, f"{known.queue} {told} {place}, above {known.most}: {known.beyond}", how)
    return Finding("limits", Status.OK, "none is above what its provider is known to take")


def _known(settings: Settings) -> Iterator[_Known]:
    if mails(settings) and settings.sendgrid.api_key is not None and settings.smtp.host is None:
        yield _SENDGRID
    if texts(settings):
        sender = (settings.twilio.whatsapp_from or "").removeprefix("whatsapp:")
        yield _TRIAL if sender == _TWILIO_SANDBOX else _TWILIO


def check_timeouts(settings: Settings) -> Finding:
    """Return whether a worker that stops waits as long as one send may take."""
    longest = settings.send_timeout + (settings.smtp.answer_timeout if settings.smtp.host else timedelta())
    told = f"a send may take {format_duration(longest)}, and a stop waits {format_duration(settings.drain_timeout)}"
    if (mails(settings) or texts(settings)) and settings.drain_timeout < longest:
        return Finding(
            "timeouts",
            Status.WARN,
            f"{told}: one that is cut short leaves its message in doubt",
            f"Set NOTIFYCTL_DRAIN_TIMEOUT to more than {format_duration(longest)}.",
        )
    return Finding("timeouts", Status.OK, told)
