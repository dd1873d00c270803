"""What the benchmarks' actors do with an order: nothing, or note how long it took to get here."""

from __future__ import annotations

import os
import time

#: About 1 KiB as JSON.
ORDER = {"id": 10482, "items": [{"name": f"Product number {n}", "quantity": n, "price": "9.90"} for n in range(16)]}


def handle(order: dict[str, object]) -> None:
    """Append the age of the order in ms, where it has a time stamp, to the file that BENCH_LATENCIES names."""
    sent_ns = order.get("sent_ns")
    if isinstance(sent_ns, int):
        late_ms = (time.time_ns() - sent_ns) / 1e6
        descriptor = os.open(os.environ["BENCH_LATENCIES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(descriptor, f"{late_ms:.3f}\n".encode())
        os.close(descriptor)
