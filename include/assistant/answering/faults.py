"""What goes wrong with a model, and with what it may cost."""

from include.errors import PipelineError


class ModelFault(PipelineError):
    """The model gave no answer that can be used.

    Args:
        again: whether another try may end otherwise.
        down: whether it is the server that fails, whatever is asked; what the breaker counts.
        after_s: seconds that the server asks to wait before it.
        tokens: read and written for nothing; None where nobody says how many.
    """

    def __init__(
        self,
        what: str,
        fix: str,
        again: bool = False,
        down: bool = False,
        after_s: float | None = None,
        tokens: tuple[int, int] | None = (0, 0),
    ) -> None:
        super().__init__(what, fix)
        self.again, self.down, self.after_s, self.tokens = again, down, after_s, tokens


class BudgetSpent(PipelineError):
    """No further call may be made."""

    down = True  # whatever is asked
    tokens = (0, 0)  # that tries before it read and wrote for nothing
