"""How far the online store has come."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from include.feature_store.redis_keys import Place

RECEIPT = "receipt.json"


class Seen(BaseModel):
    """What the online store holds of one view."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str  # hash of the view's definition, and of all else that decides how it is written
    end: datetime  # rows up to and including this time are in
    entities: int
    files: dict[str, str]  # file to the hash of its bytes
    keys: list[str]
    features: list[str]


class Receipt(BaseModel):
    """How far the online store has come."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    online_store: str
    project: str
    key_version: int  # of the serialization of entity keys
    token: str  # of the SQLite file's bytes, or as kept in Redis
    views: dict[str, Seen]

    def places(self) -> list[Place]:
        """Where Redis has the views."""
        return [
            Place(self.project, self.key_version, name, tuple(seen.keys), tuple(seen.features))
            for name, seen in self.views.items()
        ]
