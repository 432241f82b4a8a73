"""Threads that do what is handed to them, and that do not keep a program from ending."""

import queue
import threading
from collections.abc import Callable


class Workers:
    """A few daemon threads with one queue.

    An executor's threads would be waited for when the program ends, with every job that they run;
    these are not, so that a notebook's kernel ends at once and takes the cloud with it.

    Parameters
    ----------
    count : int
        How many things may be done at once.
    name : str
        The threads' name.
    """

    def __init__(self, count: int, name: str):
        self._queue: queue.SimpleQueue = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=name, daemon=True)
            for _ in range(count)
        ]
        self._closed = False
        for thread in self._threads:
            thread.start()

    def submit(self, function: Callable, *arguments) -> None:
        """Have something done; after `close` nothing is."""
        if not self._closed:
            self._queue.put((function, arguments))

    def close(self) -> None:
        """Drop what waits, and wait for what is being done."""
        self._closed = True
        while not self._queue.empty():
            self._queue.get()
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self):
        while (task := self._queue.get()) is not None:
            function, arguments = task
            try:
                function(*arguments)
            except Exception as error:
                # a task writes its own failure into a record; this is for the one that could not
                threading.excepthook(
                    threading.ExceptHookArgs(
                        (type(error), error, error.__traceback__, None)
                    )
                )
