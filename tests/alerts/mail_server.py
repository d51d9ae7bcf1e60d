"""A mail server for tests, of the standard library: one mail a connection, with TLS and a login."""

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path


class Server(socketserver.ThreadingTCPServer):
    """What was received, and what is refused."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, certificate: Path | None, *, at_once: bool, down: bool) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.tls = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate)
        self.at_once, self.down = at_once, down
        self.mails: list[str] = []
        self.to: list[str] = []
        self.logins: list[tuple[str, bool]] = []  # and whether it came through TLS

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Session(socketserver.BaseRequestHandler):
    """One connection."""

    server: Server

    def handle(self) -> None:
        self.secure = False
        try:
            if self.server.at_once:
                self.begin_tls()
            self.talk()
        except OSError:
            pass  # the client has had enough

    def begin_tls(self) -> None:
        assert self.server.tls
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        self.secure = True

    def talk(self) -> None:
        self.say("421 closing" if self.server.down else "220 test")
        while line := self.line():
            word = line.split()[0].upper() if line.split() else ""
            if word == "EHLO":
                more = [] if self.secure or not self.server.tls else ["STARTTLS"]
                lines = ["test", *more, "AUTH PLAIN"]
                for part in lines[:-1]:
                    self.say(f"250-{part}")
                self.say(f"250 {lines[-1]}")
            elif word == "STARTTLS":
                self.say("220 go")
                self.begin_tls()
            elif word == "AUTH":
                login = base64.b64decode(line.split()[2]).decode().replace("\0", " ").strip()
                self.server.logins.append((login, self.secure))
                self.say("235 ok" if login == "ann secret" else f"535 no such login {login}")
            elif word == "RCPT":
                self.server.to.append(line.partition(":")[2].split()[0])
                self.say("550 nobody" if "nobody@" in line else "250 ok")
            elif word == "DATA":
                self.say("354 go")
                lines = iter(self.line, ".\r\n")
                self.server.mails.append("".join(lines))
                self.say("250 taken")
            else:
                self.say("221 bye" if word == "QUIT" else "250 ok")

    def say(self, text: str) -> None:
        self.request.sendall(f"{text}\r\n".encode())

    def line(self) -> str:
        found = b""
        while not found.endswith(b"\n"):
            part = self.request.recv(1)
            if not part:
                return ""
            found += part
        return found.decode()


@contextmanager
def serving(
    certificate: Path | None = None, *, at_once: bool = False, down: bool = False
) -> Iterator[Server]:
    with Server(certificate, at_once=at_once, down=down) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def certificate(folder: Path) -> Path:
    """A key, and a certificate of localhost that it signed."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    pem = key.private_bytes(serialization.Encoding.PEM, form, plain)
    path = folder / "server.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return path
