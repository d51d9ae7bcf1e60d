"""What a client may send: a question, or what somebody thought of an answer."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from include.errors import DataError, did_you_mean

MOST_CHARACTERS = 2000  # of a question
MOST_OF_A_COMMENT = 1000  # characters
MOST_HITS = 20
SCHEMA = "GET /openapi.json says what may be sent."
# Nothing that steers a terminal. Half a letter, which no file can hold, is no JSON here.
READABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Question(BaseModel):
    """The body of POST /ask and POST /search."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    question: Text = Field(
        max_length=MOST_CHARACTERS, pattern=READABLE, description="in English, as to a colleague"
    )
    limit: int = Field(
        default=10,
        ge=1,
        le=MOST_HITS,
        description="most passages that are shown, beside those that an answer cites",
    )


class Feedback(BaseModel):
    """The body of POST /feedback."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    request_id: str = Field(pattern=r"^[\w.-]{1,64}$", description="of the answer")
    useful: bool = Field(description="whether it helped")
    comment: str = Field(
        default="",
        max_length=MOST_OF_A_COMMENT,
        pattern=READABLE,
        description="why; kept only where the log keeps words",
    )


Body = TypeVar("Body", Question, Feedback)


def read(kind: type[Body], body: bytes) -> Body:
    """What a body says.

    Raises:
        DataError: it is not JSON of this kind; the text of the client is not repeated.
    """
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(map(str, first["loc"]))
    if first["type"] == "json_invalid":
        raise DataError("The body is not JSON.", f"send an object; {SCHEMA}")
    if not name:
        raise DataError("The body is not a JSON object.", f"send one; {SCHEMA}")
    if first["type"] == "missing":
        raise DataError(f"The body lacks {name}.", f"add it; {SCHEMA}")
    if first["type"] == "extra_forbidden":
        hint = did_you_mean(name, kind.model_fields)
        raise DataError(f"The body has an unknown field {name[:40]!r}.{hint}", SCHEMA)
    if first["type"] == "string_pattern_mismatch" and name != "request_id":
        fix = "send letters, digits and spaces as people write them."
        raise DataError(f"The {name} holds characters that are none of a text.", fix)
    said = first["msg"][:1].lower() + first["msg"][1:].rstrip(".")
    raise DataError(f"The {name} is not as it should be: {said}.", SCHEMA)
