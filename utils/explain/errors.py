"""What goes wrong in an explanation, said so that the reader can mend it."""


class ExplainError(ValueError):
    """Something that cannot be explained; the message says what and why."""


class ArgumentError(ExplainError):
    """An argument does not fit; the message says what was found and what to give."""


class ModelError(ExplainError):
    """The model raised, or did not answer with one finite score a row."""
