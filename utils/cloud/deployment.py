"""What an endpoint runs: its variants, and the requests that are under way."""

import contextlib
import random
import threading
from dataclasses import dataclass, field

from utils.cloud.capture import Capture
from utils.cloud.explaining import Explainer
from utils.cloud.serving import TIMEOUT, Model
from utils.cloud.wire import ApiError


class Closed(Exception):
    """What was deployed has been replaced or deleted."""


@dataclass
class Variant:
    """A production variant that answers."""

    name: str
    model: Model
    image: str
    weight: float
    instances: int


@dataclass
class Deployed:
    """What an endpoint runs; replaced as a whole by an update."""

    variants: list[Variant]
    capture: Capture | None
    choice: random.Random
    explainer: Explainer | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    idle: threading.Condition = field(default_factory=threading.Condition)
    busy: int = 0
    closed: bool = False

    @contextlib.contextmanager
    def in_use(self):
        """For as long as a request is answered: closing waits for it.

        Raises
        ------
        Closed
            If closing has begun.
        """
        with self.idle:
            if self.closed:
                raise Closed
            self.busy += 1
        try:
            yield
        finally:
            with self.idle:
                self.busy -= 1
                self.idle.notify_all()

    def pick(self, target: str | None) -> Variant:
        """The variant named by the request, or one drawn by weight."""
        if target:
            for variant in self.variants:
                if variant.name == target:
                    return variant
            names = ", ".join(v.name for v in self.variants)
            raise ApiError(
                "ValidationError", f"Variant {target} not found; there are: {names}"
            )
        with self.lock:
            weights = [v.weight for v in self.variants]
            return self.choice.choices(self.variants, weights)[0]

    def close(self) -> None:
        """Let the requests that are under way be answered, then end the models."""
        with self.idle:
            self.closed = True
            self.idle.wait_for(lambda: self.busy == 0, TIMEOUT)
        if self.capture is not None:
            self.capture.close()
        for variant in self.variants:
            variant.model.close()
