"""The orders with which logs of a failed run end, as the house writes its errors: `Next: ...`."""

import re

from include.assistant.answering.forbidden import CALLS, ORDERS
from include.assistant.investigator.facts import LogFact
from include.assistant.investigator.tools import OfLog, Tools

END = 30  # lines of the log of a task that are its end
MOST = 3  # orders that a note repeats
ORDER = re.compile(r"(?:^|\s)Next: (\S.*)$")
ERROR = ("ERROR ", "CRITICAL ")


def orders(tools: Tools) -> list[str]:
    """What the logs of the run say is to be done, each with its task; none if it did not fail.

    They are the words of others: they are told as such, and what speaks to a machine is not.
    """
    if tools.evidence.run().state != "failed":
        return []
    ends = [ending(tools, task) for task in tools.evidence.logs()]
    broken = [end for end in ends if any(line.text.startswith(ERROR) for line in end)]
    found = [told for end in broken or ends if (told := last(end))]
    return [*dict.fromkeys(found)][:MOST]


def ending(tools: Tools, task: str) -> list[LogFact]:
    """The last lines of the log of a task."""
    facts = tools.task_log(OfLog(task=task, limit=END)).facts
    return [fact for fact in facts if isinstance(fact, LogFact)]


def last(end: list[LogFact]) -> str:
    """The last order among some lines; empty if there is none."""
    for line in reversed(end):
        found = ORDER.search(line.text)
        if found and not (ORDERS.search(line.text) or CALLS.search(line.text)):
            return f"The log of {line.task} says: {found[1]}"
    return ""
