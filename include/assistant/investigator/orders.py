"""The orders with which logs of a failed run end, as the house writes its errors: `Next: ...`."""

import re

from include.assistant.answering.forbidden import ORDERS, in_answer
from include.assistant.answering.signs import latin
from include.assistant.investigator.facts import LogFact
from include.assistant.investigator.tools import OfLog, Tools

END = 30  # lines of the log of a task that are its end
MOST = 3  # orders that a note repeats
ORDER = re.compile(r"(?:^|\s)Next: (\S.*)$")
ERROR = ("ERROR ", "CRITICAL ")


def orders(tools: Tools) -> list[str]:
    """What the logs of the run say is to be done, each with its task; none if it did not fail.

    They are the words of others: they are told as such, and none that is not to be shown.
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
    """The last order among some lines; that it is left out, if none may be repeated; or empty."""
    told = ""
    for line in reversed(end):
        if found := ORDER.search(line.text):
            # Whoever follows it is told by nobody else whether a link or a script is to be trusted.
            if not (in_answer(line.text, ()) or ORDERS.search(latin(line.text))):
                return f"The log of {line.task} says: {found[1]}"
            told = f"The log of {line.task} says what to do in words that are left out here."
    return told
