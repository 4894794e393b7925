"""A result of `check` between "works" and "does not"."""


class Caution(str):
    """What `check` says of something that works, but that the operator should think about."""

    __slots__ = ()
