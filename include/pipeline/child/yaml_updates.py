"""Let DVC change a lockfile without its slow parser.

To write the entry of one stage, DVC parses the whole lockfile with a parser in pure Python that
keeps comments and quotes: half a second for 850 lines, at each stage. A lockfile that DVC wrote has
neither, and the parser by libyaml takes a twentieth of that.
"""

from collections.abc import Callable
from typing import Any

Parse = Callable[[str, Any], Any]


def update_yaml_quickly() -> None:
    """Let DVC parse what it wrote itself by libyaml, before it changes it."""
    from dvc.utils.serialize import _yaml

    setattr(_yaml, "parse_yaml_for_update", quick(_yaml.parse_yaml_for_update))  # noqa: B010


def quick(real: Parse) -> Parse:
    """By libyaml if the text can be written from what that finds, byte for byte; else by `real`."""
    from dvc.utils.serialize import dumps_yaml, parse_yaml

    def parse(text: str, path: Any) -> Any:
        found = parse_yaml(text, path)
        return found if dumps_yaml(found) == text else real(text, path)

    return parse
