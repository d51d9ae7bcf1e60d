"""Section answering of params.yaml: who answers, and what it may cost."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

STRICT = ConfigDict(extra="forbid", frozen=True)
FEWEST_HITS = 10  # that an answer is looked for in


class Prices(BaseModel):
    """What a model costs."""

    model_config = STRICT

    currency: str = Field(pattern="^[A-Z]{3}$", description="of all prices, as ISO 4217 has it")
    tokens_in: float = Field(ge=0, description="of a million tokens that it reads")
    tokens_out: float = Field(ge=0, description="of a million tokens that it writes")

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """Of so many tokens."""
        return (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / 1_000_000


class Waits(BaseModel):
    """How long to wait for a model, and how often to ask it again."""

    model_config = STRICT

    connect_s: float = Field(gt=0, description="seconds until a connection stands")
    answer_s: float = Field(gt=0, description="seconds until an answer is there, of each try")
    tries: int = Field(ge=1, le=10, description="most tries of a call")
    first_s: float = Field(gt=0, description="seconds before the second try; doubled each time")
    longest_s: float = Field(gt=0, description="most seconds before a try, also if asked for more")


class Breaker(BaseModel):
    """When to stop asking a model that fails."""

    model_config = STRICT

    failures: int = Field(ge=1, description="failed tries in a row after which none is made")
    open_s: float = Field(gt=0, description="seconds after which one call may find out")


class Budget(BaseModel):
    """Most that one run, or one process that serves, may use; null: no limit."""

    model_config = STRICT

    tokens: int | None = Field(default=None, ge=0, description="read and written, together")
    cost: float | None = Field(default=None, ge=0, description="in the currency of the prices")
    seconds: float | None = Field(default=None, ge=0, description="spent waiting for the model")
    every_s: float | None = Field(
        default=None, gt=0, description="seconds after which all of it is there again; null: never"
    )


class Endpoint(BaseModel):
    """A model behind an API like OpenAI's: vLLM, llama.cpp's server, or one that is hosted."""

    model_config = STRICT

    base_url: str = Field(
        pattern=r"^https?://[^@?#\s]+$", description="up to /v1; its key is in the environment"
    )
    model: str = Field(min_length=1, description="its name there")
    model_revision: str = Field(
        default="", max_length=100, description="any word; another one asks anew what is kept"
    )
    seed: int = Field(ge=0, description="sent with each call; not every server keeps to it")
    temperature: float = Field(ge=0, le=2, description="0: the likeliest word each time")
    most_tokens: int = Field(ge=16, description="that it may write")
    schema_by: Literal["json_schema", "json_object", "prompt"] = Field(
        description="what binds it to the form of an answer: the server, or the prompt alone"
    )
    extra: dict[str, bool | int | float | str | None] = Field(
        default={}, description="sent as they are with each call; null leaves a setting out"
    )
    when_down: Literal["refuse", "extractive"] = Field(
        description="what is answered while it fails or the budget is spent"
    )
    prices: Prices = Field(description="of a million tokens")
    waits: Waits = Field(description="seconds and tries")
    breaker: Breaker = Field(description="when it is left alone")
    budget: Budget = Field(description="most that a run may use")


class Checks(BaseModel):
    """When a sentence counts as supported by what it cites."""

    model_config = STRICT

    overlap_share: float = Field(
        gt=0, le=1, description="least share of its words that two sentences of what it cites have"
    )
    longest: int = Field(ge=20, description="most characters of a sentence")


class Answering(BaseModel):
    """Section answering of params.yaml."""

    model_config = STRICT

    provider: Literal["extractive", "endpoint"] = Field(
        description="extractive: sentences of the passages as they stand; endpoint: a model writes"
    )
    passages: int = Field(ge=1, le=20, description="of the hits, how many an answer is made from")
    sentences: int = Field(ge=1, le=20, description="most of an answer")
    prompt: str = Field(pattern="^[a-z][a-z0-9_]*$", description="file in prompts, without .yaml")
    checks: Checks = Field(description="of each sentence that a model writes")
    endpoint: Endpoint | None = Field(default=None, description="null: there is none")

    @property
    def writer(self) -> Endpoint | None:
        """The endpoint that writes; None where the passages answer, even if one is named."""
        return self.endpoint if self.provider == "endpoint" else None

    @property
    def most_characters(self) -> int:
        """What an answer of so many sentences, each of the longest, has at most."""
        return self.sentences * (self.checks.longest + 1)

    @property
    def hits(self) -> int:
        """How many hits an answer is looked for in, however many are shown.

        More than it is made from: one that speaks to machines is left out, and the next is taken.
        """
        return max(FEWEST_HITS, self.passages)

    @model_validator(mode="after")
    def has_its_endpoint(self) -> "Answering":
        if self.provider == "endpoint" and self.endpoint is None:
            raise ValueError("provider endpoint needs answering.endpoint")
        return self
