"""Prompts: versioned files with an owner, and how a question and its passages are put into one."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from include.assistant.answering.signs import visible
from include.assistant.passages import Hit
from include.errors import ParamsError, did_you_mean

FOLDER = Path(__file__).parents[1] / "prompts"
STRICT = ConfigDict(extra="forbid", frozen=True)
Message = dict[str, str]  # role and content
PLACE = re.compile(r"\{(passages|question|sentences|mark)\}")
# Neither ends of tokens that some servers read in any text, nor signs that a terminal obeys.
SPECIAL = re.compile(r"<\|")
CONTROL = re.compile(
    r"\x1b\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e]"
)


class Shown(BaseModel):
    """A passage of an example."""

    model_config = STRICT

    titles: tuple[str, ...] = Field(description="headings above it")
    text: str = Field(description="what it says")


class Example(BaseModel):
    """A question, its passages, and the reply that is wanted."""

    model_config = STRICT

    question: str = Field(description="what is asked")
    passages: tuple[Shown, ...] = Field(description="what was found")
    reply: dict[str, Any] = Field(description="by the schema")


class PromptFile(BaseModel):
    """What a prompt file says."""

    model_config = STRICT

    name: str = Field(pattern="^[a-z][a-z0-9_]*$", description="that of the file")
    version: int = Field(ge=1, description="for people; the hash is what counts")
    owner: str = Field(min_length=1, description="who is asked before it changes")
    purpose: str = Field(min_length=1, description="what it is for")
    system: str = Field(min_length=1, description="rules, for the role system")
    user: str = Field(min_length=1, description="passages and question, for the role user")
    output: dict[str, Any] = Field(alias="schema", description="JSON schema of the reply")
    examples: tuple[Example, ...] = Field(description="shown before the question")


@dataclass(frozen=True)
class Prompt:
    """A prompt file, and what it is known by."""

    file: PromptFile
    sha: str  # SHA-256 of the file, 16 hex digits

    @property
    def label(self) -> str:
        """As an answer names it."""
        return f"{self.file.name}@{self.sha}"

    def messages(self, question: str, passages: Sequence[Shown], sentences: int) -> list[Message]:
        """What is sent: rules, examples, passages and question, each frame under the same mark."""
        mark = digest(question, *[part for one in passages for part in (*one.titles, one.text)])
        count = str(sentences)
        said = [{"role": "system", "content": fill(self.file.system, mark=mark, sentences=count)}]
        for example in self.file.examples:
            said.append(self.asked(example.question, example.passages, mark))
            said.append({"role": "assistant", "content": json.dumps(example.reply)})
        return [*said, self.asked(question, passages, mark)]

    def asked(self, question: str, passages: Sequence[Shown], mark: str) -> Message:
        """Passages and question as the user's message."""
        framed = "\n".join(
            f"<passage {number} {mark}>\n{' > '.join(one.titles)}\n{one.text}\n</passage {mark}>"
            for number, one in enumerate(passages, 1)
        )
        content = fill(self.file.user, mark=mark, passages=plain(framed), question=plain(question))
        return {"role": "user", "content": content}


def read_prompt(name: str, folder: Path = FOLDER) -> Prompt:
    """Read a prompt by its name.

    Raises:
        ParamsError: there is none, or it is not as a prompt should be.
    """
    path = folder / f"{name}.yaml"
    try:
        data = path.read_bytes()
        file = PromptFile.model_validate(yaml.safe_load(data))
    except FileNotFoundError:
        known = sorted(one.stem for one in folder.glob("*.yaml"))
        what = f"There is no prompt {name!r}.{did_you_mean(name, known)}"
        raise ParamsError(what, f"name one of {', '.join(known)}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problem = " ".join(str(error).split())
        raise ParamsError(f"prompts/{path.name} is not YAML: {problem}.", "mend it.") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        what = f"prompts/{path.name}: {where}: {first['msg'].lower()}."
        raise ParamsError(what, "mend that entry.") from None
    if file.name != name:
        what = f"prompts/{path.name} calls itself {file.name!r}."
        raise ParamsError(what, "give file and prompt one name.")
    return Prompt(file, hashlib.sha256(data).hexdigest()[:16])


def shown(hits: Sequence[Hit]) -> list[Shown]:
    """The hits as passages of a prompt."""
    return [Shown(titles=hit.titles, text=hit.text) for hit in hits]


def fill(text: str, **values: str) -> str:
    """The text with each place filled, once: what is put in is not looked at again."""
    return PLACE.sub(lambda place: values.get(place[1], place[0]), text)


def plain(text: str) -> str:
    """The text without what a server or a terminal would obey."""
    return SPECIAL.sub("< |", CONTROL.sub("", visible(text)))


def digest(*parts: str) -> str:
    """A mark that follows from the parts, and that none of them can hold."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
