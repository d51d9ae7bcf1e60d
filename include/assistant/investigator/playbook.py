"""The playbook: what is looked at, and how causes are weighed. The rules are playbook.yaml."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import Field, ValidationError, field_validator

from include.assistant.investigator.evidence import Run, Strict
from include.assistant.investigator.facts import AnyFact, WindowFact
from include.assistant.investigator.note import Action
from include.errors import ParamsError

PLAYBOOK = Path(__file__).with_name("playbook.yaml")
Plain = str | float | bool


class Asked(Strict):
    """What a field of a fact is to be; all that is set must hold."""

    above: float | None = None
    below: float | None = None
    matches: str | None = Field(default=None, description="regular expression, found in the text")
    one_of: tuple[Plain, ...] | None = Field(default=None, alias="in")
    other: Plain | None = Field(default=None, alias="not")

    @field_validator("matches")
    @classmethod
    def can_be_searched(cls, text: str | None) -> str | None:
        """Refuse what is no regular expression."""
        try:
            re.compile(text or "")
        except re.error as error:
            raise ValueError(f"it is no regular expression: {error}") from None
        return text

    def holds(self, value: object) -> bool:
        """Whether a value is so."""
        return (
            (self.above is None or number(value, -math.inf) > self.above)
            and (self.below is None or number(value, math.inf) < self.below)
            and (self.matches is None or bool(re.search(self.matches, str(value))))
            and (self.one_of is None or value in self.one_of)
            and (self.other is None or value != self.other)
        )


class Pattern(Strict):
    """Which facts count.

    Args:
        fact: the kind of fact, as its id begins.
        where: field to what it is to be.
    """

    fact: str
    where: dict[str, Plain | Asked] = Field(default={})

    def fits(self, fact: AnyFact) -> bool:
        """Whether a fact is like this."""
        if not fact.id.startswith(f"{self.fact}:"):
            return False
        for name, asked in self.where.items():
            value = getattr(fact, name, None)
            if not (asked.holds(value) if isinstance(asked, Asked) else value == asked):
                return False
        return True


class Sign(Pattern):
    """What speaks for a cause, or against it.

    Args:
        weight: what it adds, once.
        also: what must be there as well.
        same: field of the fact to the field of what is there as well that must be equal to it.
        without: what must not be there.
        absent: whether it counts where no fact is like it.
        subject: whether the fact says what the cause befell.
    """

    weight: float
    also: Pattern | None = None
    same: dict[str, str] = Field(default={})
    without: Pattern | None = None
    absent: bool = False
    subject: bool = False

    def agrees(self, fact: AnyFact, beside: Sequence[AnyFact]) -> bool:
        """Whether one of the facts that are there as well is about the same."""
        return not self.same or any(
            all(getattr(fact, a, None) == getattr(one, b, "") for a, b in self.same.items())
            for one in beside
        )


class Proposal(Strict):
    """What may be done, if a person approves it.

    Args:
        unless: an order of the log of the run that is like it; then nothing is proposed.
    """

    action: Action
    target: str
    text: str
    unless: Asked | None = None

    def fits(self, run: Run, orders: Sequence[str]) -> bool:
        """Whether it can be carried out: what Airflow does not run, or has not failed, cannot."""
        against = [one for one in orders if self.unless and self.unless.holds(one)]
        failed = run.state == "failed" or self.action != "clear"
        return bool(run.dag_id) and failed and not against


class Rule(Strict):
    """A cause: what tells of it, and what to do then.

    Args:
        everywhere: whether each report that looked at windows must tell of it; else one will do.
    """

    title: str
    everywhere: bool = False
    signs: tuple[Sign, ...] = Field(min_length=1)
    next: tuple[str, ...] = ()
    look_up: str = ""
    propose: Proposal | None = None


class Look(Strict):
    """One question to one tool."""

    tool: str
    limit: int = 30
    search: str = ""


class Playbook(Strict):
    """All of it."""

    version: int
    owner: str
    look_at: tuple[Look, ...]
    causes: dict[str, Rule] = Field(min_length=1)


@dataclass(frozen=True)
class Weighed:
    """A cause with what speaks for it.

    Args:
        score: sum of the weights of its signs.
        share: of all causes that have a sign, 0..1.
        facts: what speaks for it, the heaviest first.
    """

    name: str
    rule: Rule
    score: float
    share: float
    facts: tuple[AnyFact, ...]
    subject: str


def read(path: Path = PLAYBOOK) -> Playbook:
    """Read a playbook.

    Raises:
        ParamsError: it is none.
    """
    try:
        return Playbook.model_validate(yaml.safe_load(path.read_text()))
    except FileNotFoundError:
        raise ParamsError(f"There is no playbook {path}.", "name one that is there.") from None
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise ParamsError(f"{path.name} is not YAML: {problem}.", "mend that line.") from None
    except ValidationError as error:
        # Of the forms that a value may have, the one that it comes closest to.
        first = max(error.errors(), key=lambda one: len(one["loc"]))
        where = ".".join(map(str, first["loc"]))
        what = f"{path.name} is no playbook: {where}: {first['msg']}."
        raise ParamsError(what, f"change {where}.") from None


def weigh(playbook: Playbook, facts: Sequence[AnyFact]) -> list[Weighed]:
    """The causes that have a sign which speaks for them, the likeliest first."""
    parts = by_report(facts)
    found = [
        (min if rule.everywhere else max)(
            (weighed(name, rule, part) for part in parts), key=lambda one: one.score
        )
        for name, rule in playbook.causes.items()
    ]
    some = [one for one in found if one.facts and one.score > 0]
    total = sum(math.exp(one.score) for one in some)
    shared = [Weighed(**{**vars(one), "share": math.exp(one.score) / total}) for one in some]
    return sorted(shared, key=lambda one: -one.score)


def by_report(facts: Sequence[AnyFact]) -> list[Sequence[AnyFact]]:
    """The facts of each report that looked at windows, with those that stand in none of these.

    Each is weighed by itself: that one service is steady says nothing of another.
    """
    paths = dict.fromkeys(fact.report for fact in facts if isinstance(fact, WindowFact))
    return [
        [fact for fact in facts if fact.report == path or fact.report not in paths]
        for path in paths
    ] or [facts]


def weighed(name: str, rule: Rule, facts: Sequence[AnyFact]) -> Weighed:
    """One cause by its signs."""
    score, speaking, subject = 0.0, dict[str, AnyFact](), ""
    for sign in sorted(rule.signs, key=lambda sign: -sign.weight):
        beside = [fact for fact in facts if sign.also.fits(fact)] if sign.also else []
        like = [fact for fact in facts if sign.fits(fact) and sign.agrees(fact, beside)]
        against = sign.without and any(map(sign.without.fits, facts))
        if bool(like) == sign.absent or (sign.also and not beside) or against:
            continue
        score += sign.weight
        if sign.weight > 0:
            speaking |= {fact.id: fact for fact in [*beside[:2], *like[:3]]}
        if sign.subject and like:
            subject = subject or subject_of(like[0])
    return Weighed(name, rule, score, 0.0, tuple(speaking.values()), subject)


def subject_of(fact: AnyFact) -> str:
    """What a fact is about: what a check names, or the thing that changed."""
    named: Sequence[str] = getattr(fact, "subjects", ())
    return ", ".join(named[:3]) if named else str(getattr(fact, "name", ""))


def number(value: object, otherwise: float) -> float:
    """A value that can be compared."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return otherwise
    return float(value)


def fields(fact: AnyFact | None, known: Mapping[str, str]) -> dict[str, str]:
    """What a template may name: the fields of a fact, and what is known of the run."""
    held = {name: str(value) for name, value in fact} if fact else {}
    return {**held, **known}
