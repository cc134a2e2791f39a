"""The one error that a user is meant to read."""


class ObjectsoundsError(Exception):
    """One sentence that names the file, the value and the remedy."""


class BrokenFileError(ObjectsoundsError):
    """An input file of this run is shown to be broken and was moved aside; the next run makes it again."""


class DamagedError(ValueError):
    """What a file holds shows that it is cut or garbled; whoever reads it says what becomes of it."""
