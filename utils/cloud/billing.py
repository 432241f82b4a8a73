"""What the running resources would have cost on AWS."""

import csv
import threading
import time
from dataclasses import dataclass
from pathlib import Path

PRICES = Path(__file__).with_name("prices.csv")
HOURS_PER_MONTH = 730


@dataclass
class Item:
    """A resource on the meter; `ended` is None while it runs."""

    use: str
    name: str
    instance_type: str
    count: int
    started: float
    ended: float | None = None


class Meter:
    """Notes when instances start and end."""

    def __init__(self):
        self._items: list[Item] = []
        self._open: dict[str, Item] = {}
        self._lock = threading.Lock()

    def start(self, key: str, use: str, name: str, instance_type: str, count: int):
        """Put `count` instances of a resource on the meter; `key` names them for `stop`."""
        with self._lock:
            item = Item(use, name, instance_type, count, time.time())
            self._items.append(item)
            self._open[key] = item

    def stop(self, key: str) -> None:
        """Take a resource off the meter; one that is not on it is none of our business."""
        with self._lock:
            item = self._open.pop(key, None)
            if item is not None:
                item.ended = time.time()

    def rows(self) -> list[dict]:
        """A row a resource, in the order in which they began."""
        prices = load_prices()
        with self._lock:
            return [_row(item, prices) for item in self._items]


def load_prices() -> dict[str, dict]:
    """The price table: instance type → its row.

    Prices of us-east-1 as third parties gave them on the dates in the table; what AWS asks today is
    on its own price page. A type without a price is left without one.
    """
    with PRICES.open(encoding="utf-8", newline="") as file:
        return {row["instance_type"]: row for row in csv.DictReader(file)}


def _row(item, prices):
    hours = ((item.ended or time.time()) - item.started) / 3600
    price = prices.get(item.instance_type)
    rate = float(price["usd_per_hour"]) if price else None
    return {
        "use": item.use,
        "name": item.name,
        "instance_type": item.instance_type,
        "instances": item.count,
        "state": "ended" if item.ended else "running",
        "hours": hours,
        "usd_per_hour": rate,
        "usd": None if rate is None else rate * hours * item.count,
        "usd_per_month": (
            rate * HOURS_PER_MONTH * item.count
            if rate is not None and not item.ended
            else None
        ),
        "price_as_of": price["as_of"] if price else None,
    }
