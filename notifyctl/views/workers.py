"""Worker processes as records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from notifyctl.views.times import iso

if TYPE_CHECKING:
    from notifyctl.engine.fleet import Worker

__all__ = ["worker_record"]


def worker_record(worker: Worker) -> dict[str, Any]:
    """A worker process as a record."""
    said = worker.report
    return {
        "id": worker.worker_id,
        "host": said.host,
        "pid": said.pid,
        "version": said.version,
        "started_at": iso(worker.started_at_ms),
        "queues": list(said.queues),
        "threads": said.threads,
        "state": worker.state,
        "active": said.active,
        "oldest_job": said.oldest_job or None,
        "oldest_since": iso(worker.oldest_since_ms),
        "oldest_ms": said.oldest_ms,
        "seen_at": iso(worker.seen_at_ms),
    }
