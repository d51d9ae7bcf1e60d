"""How long a passage may be, for the stage that cuts them and the one that checks them."""

from pydantic import BaseModel, ConfigDict, Field


class Passages(BaseModel):
    """Section passages of params.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_tokens: int = Field(
        ge=32,
        le=512,
        description="most tokens of a passage, with its titles: no more than the encoder takes",
    )
    max_characters: int = Field(
        default=2000,
        ge=200,
        le=20_000,
        description="most characters of its text: a word is one token, however long it is",
    )
