"""Section investigating of params.yaml: who investigates, and what that may cost."""

from typing import Literal

from pydantic import BaseModel, Field, model_validator

from include.assistant.answering.settings import STRICT, Prices


class Endpoint(BaseModel):
    """A model behind an API like OpenAI's that can call tools."""

    model_config = STRICT

    base_url: str = Field(
        pattern=r"^https?://[^@?#\s]+$", description="up to /v1; its key is in LEEWAY_MODEL_API_KEY"
    )
    model: str = Field(min_length=1, description="its name there")
    seed: int = Field(ge=0, description="sent with each call; not every server keeps to it")
    temperature: float = Field(ge=0, le=2, description="0: the likeliest word each time")
    prices: Prices = Field(description="of a million tokens")


class Budget(BaseModel):
    """Most that one investigation may use; then the playbook writes the note."""

    model_config = STRICT

    requests: int = Field(ge=1, le=100, description="calls of the model: its steps")
    tool_calls: int = Field(ge=1, le=500, description="questions to tools")
    tokens: int = Field(ge=1000, description="read and written, together")
    seconds: float = Field(gt=0, description="of all of it")
    retries: int = Field(
        ge=0, le=10, description="times that a note with wrong claims is sent back"
    )


class Investigating(BaseModel):
    """Section investigating of params.yaml."""

    model_config = STRICT

    provider: Literal["playbook", "endpoint"] = Field(
        description="playbook: its rules alone; endpoint: a model drives the same tools"
    )
    endpoint: Endpoint | None = Field(default=None, description="null: there is none")
    budget: Budget = Field(description="most that one investigation by a model may use")

    @model_validator(mode="after")
    def has_its_endpoint(self) -> "Investigating":
        if self.provider == "endpoint" and self.endpoint is None:
            raise ValueError("provider endpoint needs investigating.endpoint")
        return self
