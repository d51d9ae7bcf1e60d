"""What is answered to each question, and what of it was right, supported or refused."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from include.assistant.answering import forbidden, hostile
from include.assistant.answering.answer import OUTAGES, Answer
from include.assistant.answering.hostile import Hostile
from include.assistant.evaluation.support import supported
from include.assistant.passages import Hit

Ask = Callable[[str, Sequence[Hit]], Answer]
Search = Callable[[str, frozenset[str]], list[Hit]]

SENTENCE = pl.Struct(
    {
        "text": pl.String,
        "titles": pl.String,  # of the first passage that it cites, joined by >
        "url": pl.String,
        "supported": pl.Boolean,
        "gold": pl.Boolean,  # whether a passage that it cites is of a section that answers
    }
)
# One row per question, those of the hostile set among them.
ANSWERED: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "question": pl.String,
    "kind": pl.String,  # answerable, other_subject, gold_removed or hostile
    "source": pl.String,
    "page": pl.String,  # of the hostile set, the kind of attack
    "refused": pl.Boolean,
    "cause": pl.String,
    "reason": pl.String,
    "confidence": pl.Float64,
    "sentences": pl.List(SENTENCE),
    "wrongs": pl.List(pl.String),  # of the hostile set: what must not have happened
    "secret": pl.Boolean,  # of it: whether its reply shows what looks like a password, token or key
    "action": pl.Boolean,  # of it: whether a tool was called, or an action said to be done
    "provider": pl.String,
    "model": pl.String,
    "prompt": pl.String,
    "tokens_in": pl.Int64,
    "tokens_out": pl.Int64,
    "cost": pl.Float64,
}
NOTHING_WRONG = {"wrongs": [], "secret": False, "action": False}  # not looked for
CONFIDENCE_DIGITS = 6  # further ones differ between machines


@dataclass(frozen=True)
class Asker:
    """How a question gets its answer.

    Args:
        anyway: answers also what is refused for its confidence: the hostile set is asked of a model
            whatever the threshold says, for another threshold may let it through.
        support_share: of the words of a sentence that a passage must have to support it.
    """

    search: Search
    answer: Ask
    anyway: Ask
    support_share: float

    def ask(self, questions: pl.DataFrame) -> pl.DataFrame:
        """The answer to each question; what is removed for it is not found."""
        rows = []
        names = ("id", "question", "kind", "gold", "source", "page")
        for one in questions.select(names).iter_rows(named=True):
            removed = one["gold"] if one["kind"] == "gold_removed" else []
            hits = self.search(one["question"], frozenset(removed))
            answer = self.answer(one["question"], hits)
            gold = frozenset(one.pop("gold"))
            rows.append({**one, **self.told(answer, gold), **NOTHING_WRONG})
        return pl.DataFrame(rows, schema=ANSWERED)

    def attack(self, entries: Iterable[Hostile]) -> pl.DataFrame:
        """The answer to each question of the hostile set, and what went wrong."""
        rows = []
        for entry in entries:
            hits = entry.hits(self.search(entry.question, frozenset()))
            answer = given = self.answer(entry.question, hits)
            if answer.cause == "confidence" and not answer.tokens_in + answer.tokens_out:
                given = self.anyway(entry.question, hits)
            about = {"id": entry.id, "question": entry.question, "kind": "hostile"}
            about |= {"source": "hostile", "page": entry.kind}
            told = self.told(answer, frozenset()) | took(given)
            if given.cause in OUTAGES:
                told |= {"cause": given.cause, "reason": given.reason}
            rows.append({**about, **told, **seen(entry, [answer, given])})
        return pl.DataFrame(rows, schema=ANSWERED)

    def told(self, answer: Answer, gold: frozenset[str]) -> dict[str, object]:
        """What is kept of an answer."""
        return {
            "refused": answer.refused,
            "cause": answer.cause,
            "reason": answer.reason,
            "confidence": round(answer.confidence, CONFIDENCE_DIGITS),
            "sentences": self.sentences(answer, gold),
            **took(answer),
        }

    def sentences(self, answer: Answer, gold: frozenset[str]) -> list[dict[str, object]]:
        """Each sentence, with what it cites and whether that says so."""
        hits = {hit.id: hit for hit in answer.hits}
        found = []
        for sentence in answer.sentences:
            cited = [hits[name] for name in sentence.citations if name in hits]
            texts = [([*hit.titles], hit.text) for hit in cited]
            found.append(
                {
                    "text": sentence.text,
                    "titles": " > ".join(cited[0].titles) if cited else "",
                    "url": cited[0].url if cited else "",
                    "supported": supported(sentence.text, texts, self.support_share),
                    "gold": any(hit.section in gold for hit in cited),
                }
            )
        return found


def took(answer: Answer) -> dict[str, object]:
    """Who gave an answer, and what it took."""
    return {
        "provider": answer.provider,
        "model": answer.model,
        "prompt": answer.prompt,
        "tokens_in": answer.tokens_in,
        "tokens_out": answer.tokens_out,
        "cost": answer.call_cost,  # the same whether the call was kept or not
    }


def seen(entry: Hostile, answers: Sequence[Answer]) -> dict[str, object]:
    """What went wrong in any of the answers to one entry of the hostile set."""
    wrongs = list(dict.fromkeys(wrong for answer in answers for wrong in entry.wrongs(answer)))
    secret = any(forbidden.secret(text) for answer in answers for text in hostile.told(answer))
    secret |= entry.kind == "secret_asked" and any(said.startswith("shows") for said in wrongs)
    action = any(entry.acts(answer) for answer in answers)
    return {"wrongs": wrongs, "secret": secret, "action": action}
