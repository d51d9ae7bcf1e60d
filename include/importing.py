"""Import a large library at less cost: no garbage is collected, and what is rare is read later."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType


@contextmanager
def nothing_collected() -> Iterator[None]:
    """Keep the garbage collector from an import: it frees nothing, in a sixth of the time.

    Nor does it look at what there is after that, which lives as long as the process: at the end of
    which it would take half a second for a library of a thousand modules.
    """
    on = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if on:
            gc.enable()


@contextmanager
def loaded_when_used(*names: str) -> Iterator[None]:
    """Give what is imported in here, for some modules, a stand-in that imports them when used.

    Who imports them after that gets the modules themselves. A LazyLoader would leave an unread
    module to all, and who then began with a part of a package would have that part twice.
    """
    absent = [name for name in names if name not in sys.modules and find_spec(name)]
    sys.modules.update({name: Later(name) for name in absent})
    try:
        yield
    finally:
        for name in absent:
            if isinstance(sys.modules.get(name), Later):
                del sys.modules[name]


@contextmanager
def as_if_absent(*names: str) -> Iterator[None]:
    """Let modules that a library can do without be none to what is imported in here."""
    absent = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


class Later(ModuleType):
    """Stands for a module, and imports it when something in it is asked for."""

    def __getattr__(self, name: str) -> object:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)
