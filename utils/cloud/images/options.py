"""What a hyperparameter may be. Every value arrives as a string and is checked here."""

from types import SimpleNamespace

from utils.cloud.images.container import ClientError

INFINITY = float("inf")


class Number:
    """A number from `low` to `high`.

    Parameters
    ----------
    low, high : float
        The range.
    whole : bool
        Whole numbers only.
    inside : bool
        The ends themselves are excluded.
    auto : bool
        The word "auto" is allowed.
    words : tuple of str
        Further words that are allowed.
    """

    def __init__(
        self, low, high=INFINITY, *, whole=False, inside=False, auto=False, words=()
    ):
        self.low, self.high, self.whole, self.inside = low, high, whole, inside
        self.words = (*words, *(("auto",) if auto else ()))

    def read(self, text: str):
        """The value behind the string; ValueError if it is not allowed."""
        if text in self.words:
            return text
        value = int(text) if self.whole else float(text)
        if "_" in text or not abs(value) < INFINITY:
            raise ValueError
        if not self.low <= value <= self.high:
            raise ValueError
        if self.inside and value in (self.low, self.high):
            raise ValueError
        return value

    def __str__(self):
        text = "a whole number" if self.whole else "a number"
        if self.low > -INFINITY:
            text += f" above {self.low:g}" if self.inside else f" from {self.low:g}"
        if self.high < INFINITY:
            text += f" and below {self.high:g}" if self.inside else f" to {self.high}"
        return " or ".join([text, *(repr(word) for word in self.words)])


class Choice:
    """One of some words."""

    def __init__(self, *words):
        self.words = words

    def read(self, text: str):
        """The word itself; ValueError if it is none of those allowed."""
        if text not in self.words:
            raise ValueError
        return text

    def __str__(self):
        return "one of " + ", ".join(self.words)


class Flag:
    """true or false in any case (AWS's own SDK writes ``True``), or 1 or 0."""

    def __init__(self, *, auto=False):
        self.auto = auto

    def read(self, text: str):
        """True, False or "auto"; KeyError otherwise."""
        text = text.lower()
        if self.auto and text == "auto":
            return text
        return {"true": True, "false": False, "1": True, "0": False}[text]

    def __str__(self):
        return "true, false or auto" if self.auto else "true or false"


def defaults(table: dict) -> dict[str, str]:
    """The defaults of a table, as the head of a log prints them."""
    return {
        name: default for name, (default, _) in table.items() if default is not None
    }


def read(algorithm: str, table: dict, given: dict[str, str]) -> SimpleNamespace:
    """Read a job's hyperparameters.

    Parameters
    ----------
    algorithm : str
        Its name, for the messages.
    table : dict
        Name → (default, what it may be); a default of None: required.
    given : dict
        Name → value, every value a string. Names that begin with an underscore are AWS's own
        (``_tuning_objective_metric``) and ignored.

    Returns
    -------
    SimpleNamespace
        One attribute a hyperparameter.

    Raises
    ------
    ClientError
        If a name is unknown, a required one is missing or a value is not allowed.
    """
    for name in given:
        if name not in table and not name.startswith("_"):
            raise ClientError(
                f"unknown hyperparameter {name!r}; {algorithm} knows "
                + ", ".join(sorted(table))
            )
    values = SimpleNamespace()
    for name, (default, kind) in table.items():
        text = given.get(name, default)
        if text is None:
            raise ClientError(
                f"the hyperparameter {name!r} is missing; it must be {kind}"
            )
        try:
            setattr(values, name, kind.read(str(text).strip()))
        except (ValueError, KeyError):
            raise ClientError(
                f"the hyperparameter {name!r} is {text!r}; it must be {kind}"
            ) from None
    return values
