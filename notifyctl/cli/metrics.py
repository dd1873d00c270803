"""`notifyctl metrics`: what Prometheus reads, printed once."""

from typing import TYPE_CHECKING

from notifyctl.cli._context import connected
from notifyctl.cli._group import alone, examples
from notifyctl.cli._output import write

if TYPE_CHECKING:
    from notifyctl.errors import BrokerUnavailable

__all__ = ["app"]

app = alone()


@app.command(epilog=examples("notifyctl metrics", "notifyctl metrics > /var/lib/node_exporter/notifyctl.prom"))
def metrics() -> None:
    """Print the metrics of the fleet, as Prometheus reads them.

    They are read from Redis: it is enough to ask in one place. 'notifyctl serve' has the same at /metrics. If Redis is
    away, what is known of this machine is told all the same, and the command ends with 5.
    """
    from notifyctl.metrics import exposition

    missing: list[BrokerUnavailable] = []
    write(exposition(connected(), missing.append).decode())
    for error in missing:
        raise error
