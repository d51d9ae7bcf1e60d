"""Turn a typed function into the command of one DVC stage.

The parameters of the function say what the stage reads and writes:

- `Path`: an existing file or folder, given as `--name PATH`.
- `Out`: a file or folder that the stage makes anew. The function writes to a path aside, which
  takes the place of the real one only when the function has returned: a stage that fails, is
  killed or fills the disk leaves no half-written output.
- `Kept`: a folder that stays between runs (`persist: true` in dvc.yaml). The function changes
  it file by file, and owes each file the same care; see include/partitions.py.
- a pydantic model: one section of params.yaml. The parameter called `params` is the section with
  the name of the stage; any other is the section with the name of the parameter.
"""

import argparse
import errno
import inspect
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from include.errors import DataError, ParamsError, PipelineError, PlatformError, did_you_mean

Out = Annotated[Path, "out"]
Kept = Annotated[Path, "kept"]
T = TypeVar("T", bound=BaseModel)


def run(step: Callable[..., None], argv: list[str] | None = None) -> int:
    """Call `step` with the paths named on the command line and its sections of params.yaml.

    Returns:
        The exit status: 0 done, 1 a PlatformError (printed without a traceback), 130
        interrupted. Any other exception passes through: it is a bug and deserves its traceback.
    """
    # A process that is killed politely (dvc, Airflow, docker stop) tidies up like one at Ctrl-C.
    interrupt_on_terminate()
    name, began = step.__name__, time.monotonic()
    kinds = inspect.get_annotations(step, eval_str=True)
    parser = argparse.ArgumentParser(prog=name, description=inspect.getdoc(step))
    for argument, kind in kinds.items():
        if kind in (Path, Out, Kept):
            parser.add_argument(f"--{argument.replace('_', '-')}", type=Path, required=True)
    paths: dict[str, Path] = vars(parser.parse_args(argv))
    try:
        with clear_errors(), aside({a: p for a, p in paths.items() if kinds[a] == Out}) as outs:
            check_inputs({a: p for a, p in paths.items() if kinds[a] is Path})
            step(**{**paths, **outs}, **read_sections(name, kinds))
    except PlatformError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        # dvc removes the outs before it starts a stage; its cache still has them.
        fix = "run it again, or get the last results back with `dvc checkout`."
        what = "interrupted; what was being written is discarded."
        print(f"{name}: {what}\n  Next: {fix}", file=sys.stderr)
        return 130
    print(f"{name}: done in {time.monotonic() - began:.1f} s", flush=True)
    return 0


@contextmanager
def aside(outs: dict[str, Path]) -> Iterator[dict[str, Path]]:
    """Give a path beside each out; move them into place when the block ends well."""
    temporary = {name: out.with_name(f".{out.name}.{os.getpid()}") for name, out in outs.items()}
    try:
        for name, out in outs.items():
            out.parent.mkdir(parents=True, exist_ok=True)
            # A killed process may have had the same id: in a container most have.
            remove(temporary[name])
        yield temporary
        for name, out in outs.items():
            if temporary[name].exists():  # dvc names a missing out better than we could
                exchange(temporary[name], out)
    finally:
        for path in temporary.values():
            remove(path)


def exchange(new: Path, out: Path) -> None:
    """Put `new` where `out` is, and remove what was there; interrupted, one of them is there."""
    old = out.with_name(f"{new.name}.old")
    try:
        if out.is_symlink() or out.exists():
            out.replace(old)
        new.replace(out)
    finally:
        if not out.exists() and (old.is_symlink() or old.exists()):
            old.replace(out)
        remove(old)


def remove(path: Path) -> None:
    """Remove a file, link or folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def clear_errors() -> Iterator[None]:
    """Say what a full disk or a forbidden path means for the user."""
    try:
        yield
    except Exception as error:
        number, problem = getattr(error, "errno", None), str(error).strip()
        # polars and SQLite say so with errors of their own, without a number.
        in_words = "No space left" in problem or "disk is full" in problem
        if number in (errno.ENOSPC, errno.EDQUOT) or in_words:
            what = f"The disk is full: {problem}."
            raise PipelineError(what, "free some space, then run it again.") from error
        if isinstance(error, OSError) and number in (errno.EACCES, errno.EROFS):
            what = f"{error.filename} cannot be used: {error.strerror}."
            raise PipelineError(what, "give this user the right to it.") from error
        raise


def check_inputs(paths: dict[str, Path]) -> None:
    """Raise DataError if an input is not there."""
    for name, path in paths.items():
        if not path.exists():
            raise DataError(
                f"The input {name}, {path}, does not exist.",
                "run `dvc repro`, which makes it first, or `dvc pull` it.",
            )


def read_sections(stage: str, kinds: dict[str, object]) -> dict[str, BaseModel]:
    """Read each section of params.yaml that the annotations ask for."""
    return {
        argument: read_params(stage if argument == "params" else argument, kind)
        for argument, kind in kinds.items()
        if isinstance(kind, type) and issubclass(kind, BaseModel)
    }


def read_params(section: str, kind: type[T], path: Path = Path("params.yaml")) -> T:
    """Read one section of params.yaml as a checked, frozen object."""
    try:
        settings = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        fix = "run from the root of the repository."
        raise ParamsError(f"{path.absolute()} does not exist.", fix) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problem = " ".join(str(error).split())
        raise ParamsError(f"{path} is not YAML: {problem}.", "mend that line.") from None
    if not isinstance(settings, dict) or section not in settings:
        fields = ", ".join(kind.model_fields)
        raise ParamsError(f"{path} has no section {section!r}.", f"add one with {fields}.")
    try:
        return kind.model_validate(settings[section])
    except ValidationError as error:
        raise params_error(path, section, kind, error) from None


def params_error(
    path: Path, section: str, kind: type[BaseModel], error: ValidationError
) -> ParamsError:
    """Say what the first wrong setting is, and how to right it."""
    first = error.errors()[0]
    where = ".".join([section, *map(str, first["loc"])])
    name = str(first["loc"][-1]) if first["loc"] else section
    known = fields_beside(kind, first["loc"])
    if first["type"] == "missing":
        meaning = f": {known[name].description}" if name in known else ""
        return ParamsError(f"{path} lacks {where}.", f"add {where}{meaning}.")
    if first["type"] == "extra_forbidden":
        hint = did_you_mean(name, known)
        return ParamsError(f"{path} has an unknown setting {where}.{hint}", "rename or remove it.")
    message = first["msg"].removeprefix("Value error, ").rstrip(".")
    message = message[:1].lower() + message[1:]
    return ParamsError(
        f"{path} sets {where} to {first['input']!r}: {message}.", f"change {where} in {path}."
    )


def fields_beside(kind: type[BaseModel], place: tuple[int | str, ...]) -> dict[str, FieldInfo]:
    """The settings of the section, or of the setting in it, that holds `place`."""
    for name in place[:-1]:
        field = kind.model_fields.get(str(name))
        if field is None or not isinstance(field.annotation, type):
            return {}
        if not issubclass(field.annotation, BaseModel):
            return {}
        kind = field.annotation
    return kind.model_fields


def interrupt_on_terminate() -> None:
    """Let SIGTERM unwind the stack as Ctrl-C does."""
    import signal
    import threading

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
