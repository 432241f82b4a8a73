"""What goes wrong, said so that the reader can mend it."""

import difflib


class BiasError(ValueError):
    """Something that this package cannot compute; the message says what and why."""


class ArgumentError(BiasError):
    """An argument does not fit the data; the message lists what was found."""


class EmptyFacetError(BiasError):
    """A facet has no rows, so that nothing can be compared with it."""


class NotApplicableError(BiasError):
    """A metric has no value on these counts; the message is the reason shown in a report."""


def nearest(name, known, most: int = 12) -> str:
    """The nearest right name, and what there is: the end of an error's sentence."""
    known = [str(k) for k in known]
    folded = {k.casefold(): k for k in reversed(known)}
    close = difflib.get_close_matches(str(name).casefold(), folded, n=1, cutoff=0.5)
    close = [folded[c] for c in close]
    hint = f"did you mean {close[0]!r}? " if close else ""
    more = f" and {len(known) - most} more" if len(known) > most else ""
    return f"{hint}there are {', '.join(known[:most])}{more}"
