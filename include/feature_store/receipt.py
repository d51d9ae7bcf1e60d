"""How far the online store has come, and from when on it must be filled."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from include import partitions
from include.feature_store import files, online, sources, times

if TYPE_CHECKING:
    from feast import FeatureStore
    from feast.feature_view import FeatureView
    from feast.infra.offline_stores.file_source import FileSource

RECEIPT = "receipt.json"
# Before any row: the rows of static views may be stamped long before the window.
BEGINNING = datetime(1800, 1, 1, tzinfo=UTC)


class Seen(BaseModel):
    """What the online store holds of one view."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str  # hash of the view's definition and of the code that reads and writes it
    end: datetime  # rows up to and including this time are in
    entities: int
    files: dict[str, str]  # file to the hash of its bytes


class Receipt(BaseModel):
    """How far the online store has come."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    online_store: str
    token: str  # of the SQLite file's bytes, or as kept in Redis
    views: dict[str, Seen]


def start(
    store: "FeatureStore",
    view: "FeatureView",
    hashes: dict[str, str],
    seen: Seen | None,
    end: datetime,
) -> datetime | None:
    """From when on to read a view: BEGINNING to fill it anew, None if nothing is new.

    A file that appears may hold rows from before the last end (a flight after midnight is known
    the evening before): reading starts at the first of them. Any other change of the past,
    or a window moved back, fills the view anew.
    """
    if (
        seen is None
        or seen.code != code_key(view)
        or seen.end > end
        or any(hashes.get(name) != held for name, held in seen.files.items())
    ):
        return BEGINNING
    added = [name for name in hashes if name not in seen.files]
    if seen.end == end and not added:
        return None
    after = seen.end + timedelta(microseconds=1)
    held = named_files(store, view)
    firsts = [earliest(held[name], view) for name in added]
    return min([after, *(first for first in firsts if first)])


def hashes(store: "FeatureStore", view: "FeatureView") -> dict[str, str]:
    """The view's files, by name, and the hashes of their bytes."""
    return {name: online.digest(file) for name, file in named_files(store, view).items()}


def named_files(store: "FeatureStore", view: "FeatureView") -> dict[str, Path]:
    """The view's files, by their names in the folder that its source names."""
    path = source_path(store, view)
    root = next(folder for folder in (path, *path.parents) if folder.is_dir())
    return {str(file.relative_to(root)): file for file in files.files(path)}


def code_key(view: "FeatureView") -> str:
    """A hash of all but the data that decides what is written."""
    source = source_of(view)
    columns = [(field.name, str(field.dtype)) for field in (*view.entity_columns, *view.features)]
    names = [source.timestamp_field, source.created_timestamp_column]
    mapping = sorted(source.field_mapping.items())
    code = sorted(Path(__file__).parent.glob("*.py"))
    return partitions.content_key(*code, columns, names, mapping)


def source_path(store: "FeatureStore", view: "FeatureView") -> Path:
    """Where the files of a view are."""
    return Path(files.resolve(source_of(view).path, store.config.repo_path))


def source_of(view: "FeatureView") -> "FileSource":
    """The Parquet source of a view."""
    from include.feature_store.plans import file_source

    return file_source(view.batch_source, view.name)


def in_file(source: "FileSource", column: str) -> str:
    """What the files call a column of the view."""
    return {new: old for old, new in source.field_mapping.items()}.get(column, column)


def earliest(file: Path, view: "FeatureView") -> datetime | None:
    """The first timestamp in a file; None if it has no rows."""
    name, firsts = in_file(source_of(view), source_of(view).timestamp_field), []
    for part in sources.parts(str(file), view.name):
        time = times.to_utc(part.rows, name, view.name).min()
        firsts.append(sources.collect(part.rows.select(time), view.name).item())
    return min((first for first in firsts if isinstance(first, datetime)), default=None)


def read_receipt(online: Path, online_store: str) -> Receipt | None:
    """The receipt of the last run; None if there is none, or none for this store."""
    try:
        receipt = Receipt.model_validate_json((online / RECEIPT).read_text())
    except (FileNotFoundError, ValueError):
        return None
    return receipt if receipt.online_store == online_store else None


def write_receipt(online: Path, work: Path, receipt: Receipt) -> None:
    """Write the receipt in one step."""
    (work / RECEIPT).write_text(receipt.model_dump_json(indent=2) + "\n")
    (work / RECEIPT).replace(online / RECEIPT)
