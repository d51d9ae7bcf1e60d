"""The pages of a source, wherever they are: all of them, or an error."""

import os
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from include.assistant.documents import index_client
from include.assistant.documents.fetching import archives, locations
from include.assistant.documents.fetching.patterns import Wanted, matches
from include.assistant.documents.fetching.source_settings import Limits, Source
from include.errors import DataError, at_most_ten, did_you_mean

Files = dict[str, bytes]  # path below the root of the source, to its bytes
NAMELESS = re.compile(r"//|(?:^|/)\.?(?:/|$)")
LONGEST_NAME = 255  # bytes, on most file systems


def read_pages(name: str, source: Source, limits: Limits) -> Files:
    """The pages of a source, by their path below its root.

    Raises:
        DataError: it is not there, or has no page where sources.yaml says so, or too much of them.
    """
    wanted = chosen(source)
    if source.kind == "package":
        files = of_package(source, wanted, limits)
    elif source.kind == "installed":
        files = of_installed(name, source, wanted, limits)
    elif source.kind == "files":
        files = locations.of_folder(name, Path(source.folder), wanted, limits)
    else:
        files = of_location(name, source, wanted, limits)
    root = root_of(source)
    pages = {path.removeprefix(root): data for path, data in sorted(files.items())}
    check_names(name, pages)
    check_patterns(name, source, pages)
    check_left_out(name, source, wanted)
    check_folders(name, pages)
    return pages


def chosen(source: Source) -> Wanted:
    """Which files of a source are its pages."""
    root = root_of(source)
    return Wanted(
        tuple(root + pattern for pattern in source.pages),
        tuple(root + pattern for pattern in source.leave_out),
    )


def root_of(source: Source) -> str:
    """What the paths of its pages begin with."""
    return f"{source.root}/" if source.root else ""


def of_package(source: Source, wanted: Wanted, limits: Limits) -> Files:
    """The pages in a file of a package, which is fetched and not kept."""
    with TemporaryDirectory() as folder:
        archive = index_client.fetch_package(
            source.package, source.version, source.sha256, source.file, Path(folder)
        )
        return archives.pages_of(archive, source.file == "sdist", wanted, limits)


def of_installed(name: str, source: Source, wanted: Wanted, limits: Limits) -> Files:
    """The pages among the files of an installed package.

    Raises:
        DataError: another version of it is installed, or none.
    """
    try:
        held = distribution(source.package)
    except PackageNotFoundError:
        what = f"The source {name} is the package {source.package}, which is not installed."
        raise DataError(
            what, "install environments/assistant.txt, or take the source out."
        ) from None
    if held.version != source.version:
        raise DataError(
            f"{source.package} {held.version} is installed; sources.yaml names {source.version}.",
            f"set sources.{name}.version to {held.version} in sources.yaml.",
        )
    files: Files = {}
    for path in sorted(str(file) for file in held.files or ()):
        if ".." not in path.split("/") and wanted.has(path):
            files[path] = locations.read_page(name, path, Path(str(held.locate_file(path))))
            locations.check_size(name, path, files, limits)
    return files


def of_location(name: str, source: Source, wanted: Wanted, limits: Limits) -> Files:
    """The pages in any folder, or behind any URL."""
    if "://" not in source.location:
        return locations.of_folder(name, Path(source.location), wanted, limits)
    return locations.of_url(name, source.location, wanted, limits)


def check_names(name: str, pages: Files) -> None:
    """Raise DataError if the name of a page cannot be written here, or cannot be shown."""
    for path in pages:
        longest = max(map(len, os.fsencode(path).split(b"/")))
        if NAMELESS.search(path) or not path.isprintable() or longest > LONGEST_NAME:
            raise DataError(
                f"The source {name} has a page {path!r}, whose name is not UTF-8, has signs that "
                f"cannot be shown, or is longer than {LONGEST_NAME} bytes.",
                f"rename it, or leave it out in sources.{name} in sources.yaml.",
            )


def check_patterns(name: str, source: Source, pages: Files) -> None:
    """Raise DataError if a pattern of sources.yaml finds no page."""
    for pattern in source.pages:
        if not any(matches(path, [pattern]) for path in pages):
            hint = did_you_mean(pattern, pages)
            raise DataError(
                f"The source {name} has no page {pattern!r} in {source.root or 'its top folder'}; "
                f"found are {at_most_ten(pages) or 'none'}.{hint}",
                f"correct sources.{name}.pages or root in sources.yaml.",
            )


def check_left_out(name: str, source: Source, wanted: Wanted) -> None:
    """Raise DataError if a pattern leaves out nothing: misspelt, what it meant would be taken."""
    idle = [one for one in source.leave_out if root_of(source) + one not in wanted.used]
    if idle:
        told = at_most_ten(map(repr, idle))
        raise DataError(
            f"The source {name} leaves out {told}, and no page is so named.",
            f"correct sources.{name}.leave_out in sources.yaml, or take it out there.",
        )


def check_folders(name: str, pages: Files) -> None:
    """Raise DataError if a page has the path of a folder: they cannot both be written."""
    folders = {str(folder) for path in pages for folder in PurePosixPath(path).parents}
    both = sorted(folders & set(pages))
    if both:
        what = f"The source {name} has {both[0]} as a page and as a folder."
        raise DataError(what, f"leave one out in sources.{name} in sources.yaml.")
