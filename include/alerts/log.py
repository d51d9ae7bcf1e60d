"""Tell of incidents in the log."""

import logging

from include.alerts.message import Message

log = logging.getLogger(__name__)


class Log:
    """The log of whoever delivers: a warning for what is open, a word for what is over."""

    name = "log"

    def send(self, message: Message) -> None:
        """Write the message, a line at a time."""
        level = logging.WARNING if message.kind == "opened" else logging.INFO
        for line in filter(None, message.body.splitlines()):
            log.log(level, "%s", line)
