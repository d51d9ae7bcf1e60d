"""How far the online store has come, and from when on it must be filled."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from include import partitions
from include.feature_store import asof, online

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
    files: dict[str, str],
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
        or any(files.get(name) != held for name, held in seen.files.items())
    ):
        return BEGINNING
    added = [name for name in files if name not in seen.files]
    if seen.end == end and not added:
        return None
    after = seen.end + timedelta(microseconds=1)
    folder = source_path(store, view)
    times = [earliest(folder / name if folder.is_dir() else folder, view) for name in added]
    return min([after, *(first for first in times if first)])


def hashes(store: "FeatureStore", view: "FeatureView") -> dict[str, str]:
    """The view's files, by name, and the hashes of their bytes."""
    files = asof.files(source_path(store, view))
    return {file.name: online.digest(file) for file in files}


def code_key(view: "FeatureView") -> str:
    """A hash of all but the data that decides what is written."""
    from include.feature_store import job, offline

    source = source_of(view)
    columns = [(field.name, str(field.dtype)) for field in (*view.entity_columns, *view.features)]
    names = [source.timestamp_field, source.created_timestamp_column]
    mapping = sorted(source.field_mapping.items())
    code = (Path(__file__), asof, job, offline, online)
    return partitions.content_key(*code, columns, names, mapping)


def source_path(store: "FeatureStore", view: "FeatureView") -> Path:
    """Where the files of a view are."""
    return Path(asof.resolve(source_of(view).path, store.config.repo_path))


def source_of(view: "FeatureView") -> "FileSource":
    """The Parquet source of a view."""
    from include.feature_store.offline import file_source

    return file_source(view.batch_source, view.name)


def earliest(file: Path, view: "FeatureView") -> datetime | None:
    """The first timestamp in a file; None if it has no rows."""
    rows = asof.scan(str(file))
    name = source_of(view).timestamp_field
    time = asof.to_utc(name, asof.schema(rows, view.name)[name]).min()
    first = asof.collect(rows.select(time), view.name).item()
    return first if isinstance(first, datetime) else None


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
