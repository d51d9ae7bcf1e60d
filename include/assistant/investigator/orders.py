"""The orders with which errors of a failed run end, as the house writes them: `Next: ...`.

Only the error itself is heard: what stands after `Next:` within another line may be a row of data.
"""

import re

from include.assistant.answering.forbidden import ORDERS, in_answer
from include.assistant.answering.signs import latin
from include.assistant.investigator.facts import LogFact
from include.assistant.investigator.tools import MOST as END  # lines of a log that are its end
from include.assistant.investigator.tools import OfLog, Tools

MOST = 3  # orders that a note repeats
# What cannot be taken back is done on nobody's word but that of who knows what stands there.
FINAL = re.compile(
    r"\bdvc gc\b|\brm\s+-\w*[rf]|\bgit\s+(?:clean|reset\s+--hard|push\b.*--force)\b"
    r"|\b(?:drop|truncate)\s+(?:table|database|schema)\b|\b(?:terraform|kubectl)\s+(?:destroy|delete)\b"
    r"|\b(?:delete|remove|empty|wipe|erase)\b.{0,40}\b(?:bucket|database|backup|volume)s?\b",
    re.IGNORECASE,
)


def orders(tools: Tools) -> list[str]:
    """What the errors of the run say is to be done, each with its task; none if it did not fail.

    They are the words of others: they are told as such, and none that is not to be shown.
    """
    if tools.evidence.run().state != "failed":
        return []
    found = [last(ending(tools, task)) for task in tools.evidence.logs()]
    return [*dict.fromkeys(filter(None, found))][:MOST]


def ending(tools: Tools, task: str) -> list[LogFact]:
    """The last lines of the log of a task."""
    facts = tools.task_log(OfLog(task=task, limit=END)).facts
    return [fact for fact in facts if isinstance(fact, LogFact)]


def last(end: list[LogFact]) -> str:
    """The last order among some lines; that it is left out, if none may be repeated; or empty."""
    told = ""
    for line in reversed(end):
        if line.order:
            # Whoever follows it is told by nobody else whether a link or a script is to be trusted.
            if not refused(line.order):
                return f"The log of {line.task} says: {line.order}"
            told = f"The log of {line.task} says what to do in words that are left out here."
    return told


def refused(order: str) -> bool:
    """Whether an order is not to be repeated."""
    read = latin(order)
    return bool(in_answer(order, ()) or ORDERS.search(read) or FINAL.search(read))
