"""Let a DVC process carry out an order, and take what it answers for a value."""

import json
import os
import tempfile
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

from pydantic import TypeAdapter

from include.errors import PipelineError
from include.pipeline.child.orders import Answer, Order, Refusal, Terms, written
from include.pipeline.places.process import group, lines


class OrderRefused(PipelineError):
    """DVC, or what guards it, does not carry out an order."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.what, refusal.fix)
        self.again = refusal.again  # the stage that can mend it; empty if none can


def ask(
    folder: Path,
    order: Order[Answer],
    *,
    workspace: bool = True,
    lock_wait_s: float = 60,
    heard: Callable[[str], object] = len,
) -> Answer:
    """What a DVC process in a folder answers to an order.

    Args:
        workspace: whether the folder is a run's, and not the user's own.
        lock_wait_s: how long it waits while another process holds DVC's lock.
        heard: gets each line of output as it comes.

    Raises:
        OrderRefused: it cannot be carried out.
        PipelineError: the process ended without an answer, or with none that can be read.
    """
    own, last = folder / ".dvc" / "tmp", deque[str](maxlen=3)
    own.mkdir(exist_ok=True)  # a clone has none as yet
    for path in own.iterdir() if workspace else ():
        if path.is_symlink():  # of a step's: DVC has none here, and would write where it leads
            path.unlink(missing_ok=True)
    # In the workspace, which a container sees as well.
    with tempfile.TemporaryDirectory(dir=own, ignore_cleanup_errors=True) as work:
        file = Path(work) / "answer"
        terms = Terms(str(file), os.getpid(), workspace, lock_wait_s)
        with group(folder, terms, order) as (process, output):
            for line in lines(process, output):
                last.append(line)
                heard(line)
            process.wait()
        if not os.path.lexists(file):
            said = "\n".join(last) or "it said nothing"
            what = f"The DVC process ended with {process.returncode} before its time: {said}"
            raise PipelineError(what, "clear the task to try again; what was done is kept.")
        return answer_in(file, order)


def answer_in(file: Path, order: Order[Answer]) -> Answer:
    """The answer to an order, of the type that it declares.

    Raises:
        OrderRefused: it is a refusal.
        PipelineError: it is of another type: a step in a container may have written it.
    """
    try:
        held = json.loads(written(file))
        if "refusal" in held:
            raise OrderRefused(TypeAdapter(Refusal).validate_python(held["refusal"]))
        answer: Answer = TypeAdapter(answer_of(order)).validate_python(held["answer"])
        return answer
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        problem = (str(error) or type(error).__name__).splitlines()[0]
        what = f"What the DVC process of {order.name!r} answered cannot be read: {problem}"
        raise PipelineError(what, "clear the task to try again.") from None


def answer_of(order: Order[Any]) -> Any:
    """The type of what is answered to an order."""
    bases = type(order).__orig_bases__  # type: ignore[attr-defined]
    return get_args(bases[0])[0]
