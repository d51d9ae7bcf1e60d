"""Tell of incidents by e-mail: plain text, by SMTP."""

import smtplib
import ssl
from email.message import EmailMessage
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from include.alerts.message import Message, NotSent

HERE = ("127.0.0.1", "localhost", "::1")
Address = Annotated[str, Field(pattern=r"^[^\s<>,;:@\\\"]+@[^\s<>,;:@\\\"]+$")]  # and no name


class Server(BaseModel):
    """A mail server, and who writes to whom."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(min_length=1, description="of the server")
    port: int = Field(ge=1, le=65535, description="587 for starttls, 465 for ssl")
    tls: Literal["starttls", "ssl", "none"] = Field(
        default="starttls", description="none only to this machine, if there is a password"
    )
    user: str = Field(default="", description="empty: no login")
    password: str = Field(default="", repr=False, description="of the user")
    sender: Address = Field(description="address of who writes")
    to: tuple[Address, ...] = Field(min_length=1, description="addresses")
    timeout_s: float = Field(default=20, gt=0, le=30, description="longest wait for an answer")
    ca_file: str = Field(default="", description="certificates to trust; the system's if empty")


class Mail:
    """E-mail by one server."""

    def __init__(self, name: str, server: Server) -> None:
        self.name, self.server = name, server

    def send(self, message: Message) -> None:
        """Send one mail to all addresses.

        Raises:
            NotSent: the server did not take it; the password is in no message.
        """
        held = self.server
        if held.user and held.tls == "none" and held.host not in HERE:
            what = f"The mail server {held.host} would get the password of {held.user} in the open."
            raise NotSent(what, f"set tls of the connection {self.name} to starttls or ssl.")
        try:
            with self.connected() as smtp:
                if held.tls == "starttls":
                    smtp.starttls(context=self.trusted())
                if held.user:
                    smtp.login(held.user, held.password)
                refused = smtp.send_message(mail_of(message, held))
        except (OSError, smtplib.SMTPException, ValueError) as error:
            what = f"The mail server {held.host}:{held.port} did not take it: {said(error)}."
            fix = f"see the connection {self.name}; the message waits, and goes out then."
            raise NotSent(what, fix) from None
        if refused:  # the others have it: another try would tell them twice
            from include.alerts.log import log

            log.warning("%s does not take mail for %s", held.host, ", ".join(refused))

    def connected(self) -> smtplib.SMTP:
        """A connection to the server."""
        held = self.server
        if held.tls == "ssl":
            return smtplib.SMTP_SSL(
                held.host, held.port, timeout=held.timeout_s, context=self.trusted()
            )
        return smtplib.SMTP(held.host, held.port, timeout=held.timeout_s)

    def trusted(self) -> ssl.SSLContext:
        """Whose certificates count."""
        return ssl.create_default_context(cafile=self.server.ca_file or None)


def mail_of(message: Message, server: Server) -> EmailMessage:
    """The mail: a subject of one line, and text without markup."""
    mail = EmailMessage()
    mail["Subject"], mail["From"] = message.subject, server.sender
    mail["To"] = ", ".join(server.to)
    mail["Message-ID"] = f"<{message.id}@leeway>"  # another try is the same mail
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.body, cte="quoted-printable")  # not every server takes 8 bits
    return mail


def said(error: Exception) -> str:
    """What a server said, without a login that it may repeat."""
    if isinstance(error, UnicodeError):  # its words have letters of the password
        return "the login has a letter beyond ASCII, which SMTP does not carry"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"it refuses the login ({error.smtp_code})"
    return " ".join(str(error).split()) or type(error).__name__
