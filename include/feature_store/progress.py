"""From when on the online store must be filled, and how far it then is."""

from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from include import partitions
from include.feature_store import files, online, sources, times
from include.feature_store.receipt import RECEIPT, Receipt, Seen
from include.feature_store.redis_keys import place_of

if TYPE_CHECKING:
    from feast import FeatureStore
    from feast.feature_view import FeatureView
    from feast.infra.offline_stores.file_source import FileSource

# Before any row: the rows of static views may be stamped long before the window.
BEGINNING = datetime(1800, 1, 1, tzinfo=UTC)


def start(
    store: "FeatureStore",
    view: "FeatureView",
    hashes: dict[str, str],
    seen: Seen | None,
    end: datetime,
) -> datetime | None:
    """From when on to read a view: BEGINNING to fill it anew, None if nothing is new.

    A file that appears may hold rows from before the last end (what is of tomorrow may be known
    today): reading starts at the first of them. Any other change of the past,
    or a window moved back, fills the view anew.
    """
    if (
        seen is None
        or seen.code != code_key(store, view)
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


def seen_now(
    store: "FeatureStore",
    views: list["FeatureView"],
    end: datetime,
    counts: dict[str, int],
    files: dict[str, dict[str, str]],
) -> dict[str, Seen]:
    """What the online store holds of each view after a run."""
    return {
        view.name: Seen(
            code=code_key(store, view),
            end=end,
            entities=counts[view.name],
            files=files[view.name],
            keys=list(place_of(store, view).keys),
            features=list(place_of(store, view).features),
        )
        for view in views
    }


def receipt_of(store: "FeatureStore", views: dict[str, Seen], token: str) -> Receipt:
    """The receipt of a run."""
    return Receipt(
        online_store=store.config.online_store.type,
        project=store.project,
        key_version=store.config.entity_key_serialization_version,
        token=token,
        views=views,
    )


def hashes(store: "FeatureStore", view: "FeatureView") -> dict[str, str]:
    """The view's files, by name, and the hashes of their bytes."""
    return {name: online.digest(file) for name, file in named_files(store, view).items()}


def named_files(store: "FeatureStore", view: "FeatureView") -> dict[str, Path]:
    """The view's files, by their names in the folder that its source names."""
    path = source_path(store, view)
    root = next(folder for folder in (path, *path.parents) if folder.is_dir())
    return {str(file.relative_to(root)): file for file in files.files(path)}


def code_key(store: "FeatureStore", view: "FeatureView") -> str:
    """A hash of all but the data that decides what is written, and under which keys."""
    source = source_of(view)
    fields = (*view.entity_columns, *view.features)
    columns = sorted((field.name, str(field.dtype)) for field in fields)
    names = [source.timestamp_field, source.created_timestamp_column]
    mapping = sorted(source.field_mapping.items())
    place = [store.project, store.config.entity_key_serialization_version, version("feast")]
    options = store.config.online_store.model_dump(exclude={"path", "connection_string"})
    code = sorted(Path(__file__).parent.glob("*.py"))
    return partitions.content_key(*code, columns, names, mapping, place, options)


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
