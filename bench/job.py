"""What the benchmarks' actors do with an order: nothing, or note how long it took to get here."""

from __future__ import annotations

import os
import time

#: About 1 KiB as JSON.
ORDER = {"id": 10482, "items": [{"name": f"Product number {n}", "quantity": n, "price": "9.90"} for n in range(16)]}


def handle(order: dict[str, object]) -> None:
    """Append the milliseconds since the order's time stamp, where it has one, to the file that BENCH_LATENCIES names."""
    sent_ns = order.get("sent_ns")
    if isinstance(sent_ns, int):
        late_ms = (time.time_ns() - sent_ns) / 1e6
        descriptor = os.open(os.environ["BENCH_LATENCIES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, f"{late_ms:.3f}\n".encode())
        os.close(descriptor)
