"""Which keys and fields of a Redis server hold a view.

Feast keeps one hash for each entity, under the serialized entity key and the name of the
project, with a field for each feature and one for the time of each view. Feast itself finds the
keys of a project by their ends, and takes those of `my_shop` for some of `shop`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from include.feature_store.encoding import field, time_field

if TYPE_CHECKING:
    from feast import FeatureStore
    from feast.feature_view import FeatureView
    from redis import Redis


@dataclass(frozen=True)
class Place:
    """All that decides under which keys and fields the rows of a view are."""

    project: str
    key_version: int  # of the serialization of entity keys
    view: str
    keys: tuple[str, ...]
    features: tuple[str, ...]

    def prefix(self) -> bytes:
        """How the keys begin."""
        from feast.infra.key_encoding_utils import serialize_entity_key_prefix

        return serialize_entity_key_prefix(list(self.keys), self.key_version)

    def fields(self) -> list[bytes]:
        """The fields of the view in each hash: that of its time, then those of its features."""
        return [time_field(self.view), *(field(self.view, name) for name in self.features)]


def place_of(store: "FeatureStore", view: "FeatureView") -> Place:
    """Where a store has a view. One without an entity has the key that Feast hides in lists."""
    from feast.feature_view import DUMMY_ENTITY_ID

    return Place(
        store.project,
        store.config.entity_key_serialization_version,
        view.name,
        tuple(view.join_keys) or (DUMMY_ENTITY_ID,),
        tuple(sorted(feature.name for feature in view.features)),
    )


def count(client: "Redis", places: Iterable[Place]) -> dict[str, int]:
    """Entities per view."""
    counts = {}
    for place, keys in found(client, places):
        asked = client.pipeline(transaction=False)
        for key in keys:
            asked.hexists(key, time_field(place.view))  # type: ignore[arg-type]
        counts[place.view] = sum(asked.execute())
    return counts


def remove(client: "Redis", places: Iterable[Place]) -> None:
    """Remove the fields of some views; a hash without fields goes by itself."""
    for place, keys in found(client, places):
        fields, asked = place.fields(), client.pipeline(transaction=False)
        for key in keys:
            asked.hdel(key, *fields)  # type: ignore[arg-type]
        asked.execute()


def found(client: "Redis", places: Iterable[Place]) -> Iterator[tuple[Place, list[bytes]]]:
    """The keys of the entities that some views may have, in one reading of each project."""
    held: dict[str, list[bytes]] = {}
    for place in places:
        if place.project not in held:
            held[place.project] = list(client.scan_iter(f"*{place.project}", count=1000))
        prefix, ending = place.prefix(), place.project.encode()
        yield place, [k for k in held[place.project] if is_key(k, prefix, len(place.keys), ending)]


def is_key(key: bytes, prefix: bytes, values: int, ending: bytes) -> bool:
    """Whether a key is a prefix, some values with their types and lengths, and an ending."""
    at = len(prefix)
    for _ in range(values):
        at += 8 + int.from_bytes(key[at + 4 : at + 8], "little")
    return key.startswith(prefix) and key[at:] == ending
