"""The table of metrics: names as Prometheus wants them, and the pages and files that use them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from docs.generate_metrics import PAGE, page
from notifyctl.engine.totals import BOUNDS_MS
from notifyctl.metrics import METRICS, Metric

DEPLOY = Path(__file__).parents[2] / "deploy"
NAMES = {
    f"{metric.name}{end}"
    for metric in METRICS
    for end in (("_bucket", "_sum", "_count") if metric.kind == "histogram" else ("",))
}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_metric_is_named_as_prometheus_wants_it(metric: Metric) -> None:
    """Counters and nothing else end in _total; times are in seconds; labels are words that are not reserved."""
    assert re.fullmatch(r"notifyctl_[a-z]+(_[a-z]+)*", metric.name)
    assert (metric.kind == "counter") == metric.name.endswith("_total")
    assert not re.search(r"_(ms|milliseconds|minutes|count|sum|bucket|gauge)(_|$)", metric.name)
    assert metric.words.endswith(".")
    assert not {"le", "job", "instance", "quantile"} & set(metric.labels)


def test_metrics_are_told_apart_by_their_names() -> None:
    """None is there twice; bounds ascend."""
    assert len({metric.name for metric in METRICS}) == len(METRICS)
    assert sorted(set(BOUNDS_MS)) == list(BOUNDS_MS)


def test_metrics_page_is_fresh() -> None:
    """`python docs/generate_metrics.py` would change nothing."""
    assert page() == PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["notifyctl-alerts.yml", "notifyctl-grafana.json"])
def test_deployed_file_uses_metrics_that_there_are(name: str) -> None:
    """Alert rules and the dashboard name no metric that nobody tells."""
    text = (DEPLOY / name).read_text(encoding="utf-8")
    used = set(re.findall(r"\bnotifyctl_\w+", text))

    assert used
    assert used <= NAMES


def test_alerts_say_what_they_mean() -> None:
    """Each has an expression, a severity and words; and the how-to says what to do when it comes."""
    (group,) = yaml.safe_load((DEPLOY / "notifyctl-alerts.yml").read_text(encoding="utf-8"))["groups"]
    how_to = (PAGE.parents[1] / "how-to" / "monitoring.md").read_text(encoding="utf-8")

    for rule in group["rules"]:
        assert rule["expr"]
        assert rule["labels"]["severity"] in ("critical", "warning")
        assert set(rule["annotations"]) == {"summary", "description"}
    assert re.findall(r"^\| `(Notifyctl\w+)`", how_to, re.MULTILINE) == [rule["alert"] for rule in group["rules"]]


def test_dashboard_is_whole() -> None:
    """It loads; each panel has a title, a query and a place of its own within the grid."""
    dashboard = json.loads((DEPLOY / "notifyctl-grafana.json").read_text(encoding="utf-8"))
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert panel["title"]
        assert all(target["expr"] for target in panel["targets"])
        assert max(x for x, _ in cells) < 24
        assert not cells & taken
        taken |= cells
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
