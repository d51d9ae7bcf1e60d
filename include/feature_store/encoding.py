"""How Feast writes keys and values, without Feast: its import takes a second and 200 MB.

tests/serving/test_lookup.py compares each with Feast's own.
"""

import struct
from collections.abc import Sequence
from typing import TypeAlias

Key: TypeAlias = str | int  # a value of an entity: text, or a whole number of 32 bits

# Of feast.types.EntityKey, version 3: a type, then how many bytes follow.
TEXT, INT32 = 2, 3
VERSION = 3
# Of feast.types.Value: what comes before the bytes of a number.
FLOAT, DOUBLE = 0x35, 0x29
WHOLE = (0x18, 0x20, 0x38)  # of 32 bits, of 64, and true or false
PARTS = struct.Struct("<II")


def entity_key(names: Sequence[str], values: Sequence[Key]) -> bytes:
    """The key under which both stores have an entity.

    Args:
        names: of the join keys.
        values: of the entity, in the same order.
    """
    pairs = sorted(zip(names, values, strict=True))
    parts = [struct.pack("<I", len(pairs))]
    for name, _ in pairs:
        held = name.encode()
        parts += [PARTS.pack(TEXT, len(held)), held]
    for _, value in pairs:
        kind, held = (
            (TEXT, value.encode()) if isinstance(value, str) else (INT32, struct.pack("<i", value))
        )
        parts += [PARTS.pack(kind, len(held)), held]
    return b"".join(parts)


def number(held: bytes) -> float | None:
    """The number in a value; None where it is null.

    Raises:
        ValueError: it is something else.
    """
    if not held:
        return None
    if held[0] == FLOAT:
        return float(struct.unpack_from("<f", held, 1)[0])
    if held[0] == DOUBLE:
        return float(struct.unpack_from("<d", held, 1)[0])
    if held[0] in WHOLE:
        return float(whole(held))
    raise ValueError(f"a value that is no number: {held[:8].hex()}")


def whole(held: bytes) -> int:
    """The whole number behind a tag, in groups of seven bits."""
    found = 0
    for place, byte in enumerate(held[1:]):
        found |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            break
    return found - (1 << 64) if found >> 63 else found


def field(view: str, feature: str) -> bytes:
    """The field of a Redis hash that holds a feature of a view."""
    import mmh3

    return struct.pack("<I", mmh3.hash(f"{view}:{feature}", signed=False))


def time_field(view: str) -> bytes:
    """The field of a Redis hash that holds the event_timestamp of a view."""
    return f"_ts:{view}".encode()
