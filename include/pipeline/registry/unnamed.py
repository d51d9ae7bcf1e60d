"""Which artifact is meant where none is named."""

from collections.abc import Sequence


def only_one(declared: Sequence[str]) -> str:
    """The only one of the dvc.yaml at the root, or of all if that has none; else empty.

    Args:
        declared: as gto names them: model, or folder:model of folder/dvc.yaml.
    """
    meant = [name for name in declared if ":" not in name] or [*declared]
    return meant[0] if len(meant) == 1 else ""
