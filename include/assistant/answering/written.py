"""Read what a model wrote, and refuse what the passages do not say or no answer may show."""

import re
from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.assistant.answering import forbidden
from include.assistant.answering.answer import Cause, Sentence
from include.assistant.answering.cache import Kept
from include.assistant.answering.faults import ModelFault
from include.assistant.answering.prompt import Prompt
from include.assistant.answering.sentences import split
from include.assistant.answering.settings import Answering
from include.assistant.answering.support import unsupported
from include.assistant.answering.words import stems
from include.assistant.passages import Hit

LEAK_WORDS = 8  # so many words in a row of the rules: they are being told


class Said(BaseModel):
    """A sentence as a model gives it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    text: str = Field(min_length=1, description="the sentence")
    passages: tuple[int, ...] = Field(description="numbers of the passages that say so, from 1")


class Written(BaseModel):
    """A reply as the schema of the prompt has it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    answerable: bool = Field(description="whether the passages answer the question")
    sentences: tuple[Said, ...] = Field(description="the answer")


def read(kept: Kept) -> Written:
    """The reply of a model, read.

    Raises:
        ModelFault: it is not of the form.
    """
    if kept.tool_calls:
        return Written(answerable=True, sentences=())  # what it wrote beside does not count
    try:
        return Written.model_validate_json(form_of(kept.text))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        what = f"The model did not reply in the form asked for: {where} {first['msg'].lower()}."
        fix = "set answering.endpoint.schema_by to what the server can do, or take a larger model."
        raise ModelFault(what.replace(":  ", ": "), fix, again=True) from None


def form_of(text: str) -> str:
    """Its JSON, without what a model thought before it, a fence, or what it says around it."""
    thought, _, said = text.rpartition("</think>")
    # The mark may stand in a sentence, too.
    said = text if thought.lstrip().startswith("{") else said
    return said[said.find("{") : said.rfind("}") + 1]


def check(
    written: Written, kept: Kept, hits: Sequence[Hit], prompt: Prompt, settings: Answering
) -> tuple[tuple[Sentence, ...], Cause, str]:
    """The sentences, or none and why.

    Args:
        hits: the passages as they were numbered, from 1.
    """
    if kept.tool_calls:
        return (), "forbidden", "The model called a tool; it has none."
    # What a whole answer cannot have is not cut into sentences first.
    characters, most = sum(len(said.text) for said in written.sentences), settings.most_characters
    if characters > most:
        return (), "provider", f"The model wrote {characters:,} characters, not {most:,}."
    sentences = cited(written, hits)
    if not written.answerable or not sentences:
        return (), "confidence", "The model found no answer in the passages."
    if len(sentences) > settings.sentences:
        reason = f"The model wrote {len(sentences)} sentences, not {settings.sentences}."
        return (), "provider", reason
    sources = [part for hit in hits for part in (*hit.titles, hit.text, hit.url)]
    for number, sentence in enumerate(sentences, 1):
        if len(sentence.text) > settings.checks.longest:
            return (), "provider", f"Sentence {number} has {len(sentence.text):,} characters."
        reason = forbidden.in_answer(sentence.text, sources) or leak(sentence.text, prompt)
        if reason:
            return (), "forbidden", f"Sentence {number} is not shown: {reason}."
        reason = unsupported(sentence, hits, settings.checks)
        if reason:
            return (), "unsupported", f"Sentence {number} is not supported: {reason}."
    return sentences, "", ""


def cited(written: Written, hits: Sequence[Hit]) -> tuple[Sentence, ...]:
    """The sentences with the ids of what they cite; where one text holds several, each cites it."""
    ids = {number: hit.id for number, hit in enumerate(hits, 1)}
    return tuple(
        # A number that is none of a passage stays, as itself: it is found not to be among the hits.
        Sentence(text, tuple(dict.fromkeys(ids.get(n, f"passage {n}") for n in said.passages)))
        for said in written.sentences
        for text in pieces(said.text)
    )


def pieces(text: str) -> Iterator[str]:
    """The sentences of a text; one without a word of its own, such as "Yes.", with the next."""
    held: list[str] = []
    for sentence in split(text):
        held.append(sentence)
        if stems(sentence):
            yield " ".join(held)
            held = []
    if held:
        yield " ".join(held)


def leak(text: str, prompt: Prompt) -> str:
    """Why a sentence is a part of the rules of the prompt, else ''."""
    rules, said = words(prompt.file.system), words(text)
    runs = {tuple(rules[i : i + LEAK_WORDS]) for i in range(len(rules) - LEAK_WORDS + 1)}
    told = any(tuple(said[i : i + LEAK_WORDS]) in runs for i in range(len(said) - LEAK_WORDS + 1))
    return "it tells the rules of the prompt" if told else ""


def words(text: str) -> list[str]:
    """The words of a text, in lower case."""
    return re.findall(r"\w+", text.lower())
