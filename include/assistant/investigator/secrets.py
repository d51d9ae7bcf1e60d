"""What is taken out of each text that becomes a fact: passwords, tokens and keys.

Beside what include.errors masks for all of the house, these are the forms that logs of others have.
"""

import re

from include.assistant.answering.forbidden import TOKENS
from include.errors import MASK, masked

_NAME = (
    r"(?:pass(?:word|wd|phrase)?|pwd|secret|token|credentials?|signature"
    r"|(?:api|access|secret|private|fernet|account|encryption)[_ -]?key)"
)
# What stands for a secret, or for one that was masked, and is none.
_SCHEMES = r"(?:bearer|basic|token|digest|negotiate)"
_SHOWN = rf"(?!\*{{3}}|\.{{3}}|[$<{{\[]|(?:None|null|true|false|is|was|or|and)\b|{_SCHEMES}\s)"
_VALUE = rf"{_SHOWN}[^\s\"'\\,;&<>(){{}}\[\]]+"
KEYS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"(?:(?:(?!-----BEGIN)[\s\S]){0,9000}?-----END [A-Z ]*PRIVATE KEY-----"
    r"|(?:\s+(?:[A-Z]+ )?[A-Za-z0-9+/=]{16,}(?!\S))*)"
)
# A line of a key whose begin was cut off.
PIECE = re.compile(r"(?<!\S)(?=\S*[A-Z])(?=\S*[a-z])(?=\S*\d)[A-Za-z0-9+/]{60,76}={0,2}(?!\S)")
NAMED = (
    # Authorization: Bearer x, {'Authorization': 'Basic x'}, Proxy-Authorization: x, Cookie: x
    re.compile(
        rf"(\b(?:[\w-]{{0,40}}authorization|(?:set-)?cookie)\b[\\\"']*\s*[:=]\s*[\\\"']*"
        rf"(?:{_SCHEMES}\s+)?){_VALUE}",
        re.IGNORECASE,
    ),
    # Bearer x anywhere, where x is no word
    re.compile(
        r"(\b(?i:bearer|basic)\s+)(?=\S[\w.~+/-]*[\dA-Z=]|\d|[a-z]{16})(?=\S{8})[\w.~+/-]+=*"
    ),
    # "password": "two words", of which the end is where the quote ends
    re.compile(
        rf"({_NAME}[\\\"']*\s*[:=]\s*([\"'])){_SHOWN}[^\"'\n]+(?=\2)",
        re.IGNORECASE,
    ),
    # password is hunter2
    re.compile(
        rf"(\b{_NAME}\s+(?:is|was)\s+[\"'`]?)(?=\S*\d)(?=\S*[A-Za-z])[^\s\"'`]{{6,}}",
        re.IGNORECASE,
    ),
    # curl -u user:x
    re.compile(r"((?<!\S)(?:-u|--user)[\s=]+[^\s:]+:)\S+"),
    # api_key: x, 'password': 'x', db_password = x
    re.compile(rf"((?<![A-Za-z]){_NAME}[\\\"']*\s*[:=]\s*[\\\"']*){_VALUE}", re.IGNORECASE),
    re.compile(rf"((?<=_){_NAME}[\\\"']*\s*[:=]\s*[\\\"']*){_VALUE}", re.IGNORECASE),
    # --token x, --db-password x
    re.compile(rf"((?<!\S)--?[\w-]{{0,60}}{_NAME}[\s\"']+){_VALUE}", re.IGNORECASE),
    # X-Amz-Signature=x, X-Goog-Credential=x, &sig=x
    re.compile(
        r"(\bX-(?:Amz|Goog|Ms)-(?:Signature|Credential|Security-Token)[=:]\s*|[?&]sig=)[^&\s\"']+",
        re.IGNORECASE,
    ),
)
LOGIN = re.compile(r"(?<=://)[^\s/?#@:\"']*:[^\s/@\"']+(?=@)")  # also of digits alone


def hidden(text: str) -> str:
    """The text with *** for each secret in it; its lines stay as many as they are."""
    text = KEYS.sub(emptied, text)
    text = LOGIN.sub(MASK, TOKENS.sub(MASK, PIECE.sub(MASK, text)))
    for form in NAMED:
        text = form.sub(rf"\1{MASK}", text)
    return masked(text)


def emptied(found: re.Match[str]) -> str:
    """The mask, and the ends of the lines that it stands for."""
    return MASK + "\n" * found[0].count("\n")
