"""What a model learns from: sections of the documents as questions, answered from passages."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from include.assistant.answering import extractive, forbidden
from include.assistant.answering.prompt import Message, Prompt, shown
from include.assistant.evaluation.asked import pages_of
from include.assistant.passages import Hit
from include.errors import DataError


class Making(BaseModel):
    """How examples are made."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    most: int = Field(ge=2, description="examples, those for validation among them")
    validation_share: float = Field(gt=0, lt=1, description="of the pages, for validation")
    passages: int = Field(ge=2, le=20, description="of an example, the right one among them")
    sentences: int = Field(ge=1, le=20, description="most of an answer")
    unanswerable_share: float = Field(ge=0, le=1, description="of examples without the right one")
    seed: int = Field(ge=0, description="of what is drawn")


@dataclass(frozen=True)
class Example:
    """A question with its passages, and the reply that is wanted."""

    page: str
    messages: list[Message]
    reply: str


@dataclass(frozen=True)
class Tokens:
    """An example as a model reads it."""

    numbers: list[int]
    reply_at: int  # what is before it is not learned


def make(
    passages: pl.DataFrame, asked: pl.DataFrame, prompt: Prompt, making: Making
) -> list[Example]:
    """Examples of headings as questions, in an order that follows from the seed.

    Args:
        asked: the questions of the evaluation: no page that asks or answers one is learned from.
    """
    held = pages_of(asked, passages)
    table = passages.sort("source", "page", "section", "position")
    hits = [
        hit
        for hit in map(found, table.iter_rows(named=True))
        if page_of(hit) not in held and not forbidden.orders(hit) and hit.titles
    ]
    draw = random.Random(making.seed)
    draw.shuffle(hits)
    beside: dict[str, list[Hit]] = {}
    for hit in hits:
        beside.setdefault(hit.source, []).append(hit)
    made: list[Example] = []
    for hit in hits:
        if len(made) == making.most:
            break
        others = [one for one in draw.sample(beside[hit.source], min(50, len(beside[hit.source])))
                  if one.section != hit.section][: making.passages]  # fmt: skip
        example = one_of(hit, others, prompt, making, draw)
        if example:
            made.append(example)
    return made


def one_of(
    hit: Hit, others: Sequence[Hit], prompt: Prompt, making: Making, draw: random.Random
) -> Example | None:
    """The example of a passage; none if it has no sentence for its heading."""
    question = hit.titles[-1]
    answerable = draw.random() >= making.unanswerable_share
    together = [hit, *others[: making.passages - 1]] if answerable else list(others)
    draw.shuffle(together)
    sentences = extractive.pick(question, [hit], making.sentences)
    if not sentences or len(together) < 2:
        return None
    number = together.index(hit) + 1 if answerable else 0
    said = [{"text": sentence.text, "passages": [number]} for sentence in sentences]
    reply = {"answerable": answerable, "sentences": said if answerable else []}
    messages = prompt.messages(question, shown(together), making.sentences)
    return Example(page_of(hit), messages, json.dumps(reply, ensure_ascii=False))


def page_of(hit: Hit) -> str:
    """The page of a passage, as source/path."""
    return f"{hit.source}/{hit.page}"


def found(row: dict[str, Any]) -> Hit:
    """A passage as a hit."""
    names = ("id", "source", "page", "section", "text", "licence", "url")
    values = {name: row[name] for name in names}
    return Hit(**values, titles=tuple(row["titles"]), score=1.0, cosine=1.0, bm25=1.0)


class Reader:
    """Turns examples into tokens, as servers of the model will.

    Raises:
        DataError: the folder has no tokenizer, or no template of a conversation.
    """

    def __init__(self, folder: Path) -> None:
        from jinja2.sandbox import ImmutableSandboxedEnvironment
        from tokenizers import Tokenizer

        fix = "give a model that was taught to converse: tokenizer.json and a chat template."
        try:
            self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            about = json.loads((folder / "tokenizer_config.json").read_text())
        except Exception as error:  # tokenizers raises nothing more exact
            raise DataError(f"{folder} has no tokenizer: {error}.", fix) from None
        apart = folder / "chat_template.jinja"
        template = apart.read_text() if apart.exists() else about.get("chat_template")
        if not isinstance(template, str):
            raise DataError(f"{folder} has no chat template.", fix)
        self.special = {name: text_of(about.get(name)) for name in ("bos_token", "eos_token")}
        # As transformers does: a template comes with weights from elsewhere, and may only write.
        space = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        self.template = space.from_string(template)

    def tokens(self, example: Example) -> Tokens:
        """The conversation up to the reply, then the reply and its end."""
        before = self.template.render(
            messages=example.messages, add_generation_prompt=True, **self.special
        )
        start = self.tokenizer.encode(before, add_special_tokens=False).ids
        reply = f"{example.reply}{self.special['eos_token']}"
        end = self.tokenizer.encode(reply, add_special_tokens=False).ids
        return Tokens([*start, *end], len(start))


def text_of(token: object) -> str:
    """The text of a special token, which some files wrap."""
    return str(token.get("content", "")) if isinstance(token, dict) else str(token or "")


def parted(
    examples: Sequence[Example], share: float, seed: int
) -> tuple[list[Example], list[Example]]:
    """Examples to learn from, and those of other pages to judge by."""
    pages = sorted({example.page for example in examples})
    random.Random(seed).shuffle(pages)
    apart = set(pages[: max(1, round(share * len(pages)))])
    return (
        [example for example in examples if example.page not in apart],
        [example for example in examples if example.page in apart],
    )


def short(tokens: Iterator[Tokens], longest: int) -> list[Tokens]:
    """Those that are not too long."""
    return [one for one in tokens if len(one.numbers) <= longest]
