"""The models that answer."""

from dataclasses import dataclass

from include.serving.served import Served


@dataclass(frozen=True)
class Live:
    """Who answers now: a request takes the pair once, and keeps it to its end."""

    champion: Served
    challenger: Served | None = None
