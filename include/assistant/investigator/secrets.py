"""What is taken out of each text that becomes a fact: passwords, tokens and keys.

Beside what include.errors masks for all of the house, these are the forms that logs of others have.
"""

import itertools
import re

from include.assistant.answering.forbidden import MIXED, TOKENS
from include.assistant.answering.signs import latin
from include.errors import MASK, masked

_NAME = (
    r"(?:pass(?:word|wd|phrase|wort)?|pwd|pw|kennwort|mot de passe|contrase[nñ]a|senha|wachtwoord"
    r"|secret|token|credentials?|signature"
    r"|(?:api|access|secret|private|fernet|account|encryption)[_ -]?key)"
)
# What stands for a secret, or for one that was masked, and is none.
_SCHEMES = r"(?:bearer|basic|token|digest|negotiate)"
_SHOWN = rf"(?!\*{{3}}|\.{{3}}|[$<{{\[]|(?:None|null|true|false|is|was|or|and)\b|{_SCHEMES}\s)"
_VALUE = rf"{_SHOWN}[^\s\"'\\,;&<>(){{}}\[\]]+"
_IS = r"[\\\"']*\s*(?:[:=]=?>?|[-=]>|→)\s*"
_OF = r"(?:\s+(?:for|of)\s+(?:(?:the\s+)?(?:user|account|login)\s+)?[\"'`]?[\w.@-]{1,60})?"
_SET = r"(?:changed|set|reset|rotated|updated)"
# What is no plain word: it has a digit, a capital within or a mark.
_CHOSEN = r"(?=\S*(?:\d|\w[A-Z]|[!@#$%^&*]))[^\s\"'`]{5,}"
# What a terminal obeys, such as colours between a name and its value; also as code spells it.
COLOURS = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x1b[ -~]?"
    r"|(?:\\x1b|\\033|\\u001b|\\e|\^\[|#033)\[[0-9;]*m",
    re.IGNORECASE,
)
KEYS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"(?:(?:(?!-----BEGIN)[\s\S]){0,9000}?-----END [A-Z ]*PRIVATE KEY-----"
    r"|(?:\s+(?:[A-Z]+ )?[A-Za-z0-9+/=]{16,}(?!\S))*)"
)
# A line of a key whose begin was cut off.
PIECE = re.compile(r"(?<!\S)(?=\S*[A-Z])(?=\S*[a-z])(?=\S*\d)[A-Za-z0-9+/]{60,76}={0,2}(?!\S)")
# A run id, a date or a hash within a longer name.
DATED = re.compile(r"\d{4}-\d\d-\d\d|\d{8}T\d{4,6}|(?<![0-9a-z])[0-9a-f]{7,}(?![0-9a-z])")
RANDOM = 0.4  # share of the letters that are of another kind than the one before, from which on
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
        rf"({_NAME}{_IS}([\"'])){_SHOWN}[^\"'\n]+(?=\2)",
        re.IGNORECASE,
    ),
    # ('x-api-key', 'x'), (b'cookie', b'x')
    re.compile(
        rf"([(\[]\s*[bru]{{0,2}}[\"'][\w-]{{0,40}}(?:{_NAME}|authorization|cookie)[\"']\s*,\s*"
        rf"[bru]{{0,2}}[\"'])(?!(?:{_SCHEMES})\s)[^\"'\n]+(?=[\"']\s*[)\]])",
        re.IGNORECASE,
    ),
    # auth=('user', 'x'), HTTPBasicAuth('user', 'x')
    re.compile(
        r"(auth(?:=|\s=\s)?\(\s*[bru]{0,2}[\"'][^\"'\n]{0,200}[\"']\s*,\s*[bru]{0,2}[\"'])[^\"'\n]+",
        re.IGNORECASE,
    ),
    # Fernet(b'x')
    re.compile(r"(\bFernet\(\s*[bru]{0,2}[\"'])[^\"'\n]+"),
    # Cookie: a=x; b=y
    re.compile(r"(\bcookie:\s*)(?!\*{3}$)[^\"'\n]+", re.IGNORECASE),
    # password was changed to x; token changed from x to y
    re.compile(rf"(\b(?i:{_NAME}(?:\s+\w+){{0,3}}?\s+{_SET}\s+(?:from|to))\s+[\"'`]?){_CHOSEN}"),
    re.compile(
        rf"(\b(?i:{_NAME}[^\n]{{0,40}}?\s{_SET}\s+from\s+\S{{1,100}}\s+to)\s+[\"'`]?){_CHOSEN}"
    ),
    # the token abc123def456, PASSWORD abc123x, secret abC/123...; otp 123456
    re.compile(
        r"((?<![A-Za-z])(?:(?:pass|kenn)wor[dt]|secret|(?:token|api[ _-]key)(?=\s+\S{10}))\s+"
        r"[\"'`]?)"
        r"(?=[A-Za-z_-]*\d)(?=[\d_-]*[A-Za-z])[\w+/=-]{7,}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"((?i:{_NAME})\s+[\"'`]?)(?=\S*\d)(?=\S*[a-z])(?=\S*[A-Z])[A-Za-z0-9/+=]{{40}}(?![\w/+=])"
    ),
    re.compile(r"(\b(?:otp|passcode)\b(?:\s+(?:is|was))?[\s:=]+)\d{4,8}\b", re.IGNORECASE),
    # sshpass -p x, mysql -px, login user / x, jdbc:oracle:thin:user/x@host
    re.compile(r"(\bsshpass\s+-p[ ]?[\"']?)[^\s\"']+"),
    re.compile(r"(\b(?:mysql|mariadb)\w*\b[^\n|;]{0,200}?\s-p)[^\s]+"),
    re.compile(r"(\blog(?:in|on)\s+\S{1,60}\s+/\s+)\S+", re.IGNORECASE),
    re.compile(r"(\bjdbc:oracle:\w+:[^\s/@]{1,60}/)[^\s@]+(?=@)", re.IGNORECASE),
    # password is hunter2
    re.compile(
        rf"(\b{_NAME}\s+(?:is|was)\s+[\"'`]?)(?=\S*\d)(?=\S*[A-Za-z])[^\s\"'`]{{6,}}",
        re.IGNORECASE,
    ),
    # curl -u user:x
    re.compile(r"((?<!\S)(?:-u|--user)[\s=]+[^\s:]+:)\S+"),
    # api_key: x, 'password': 'x', db_password = x
    re.compile(rf"((?<![A-Za-z]){_NAME}{_OF}{_IS}[\\\"']*){_VALUE}", re.IGNORECASE),
    re.compile(rf"((?<=_){_NAME}{_OF}{_IS}[\\\"']*){_VALUE}", re.IGNORECASE),
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
    """The text with *** for each secret in it, and without colours; its lines stay as many."""
    told = found(COLOURS.sub("", text))
    if told.isascii():
        return told
    return "\n".join(map(unveiled, told.split("\n")))


def unveiled(line: str) -> str:
    """A line as it is; as a reader sees it, if a secret hides in it behind what does not show."""
    read = latin(line)
    return line if line.isascii() or (told := found(read)) == read else told


def found(text: str) -> str:
    """The text with *** for each secret that stands in it as it is."""
    text = KEYS.sub(emptied, text)
    text = LOGIN.sub(MASK, TOKENS.sub(MASK, PIECE.sub(MASK, text)))
    for form in NAMED:
        text = form.sub(rf"\1{MASK}", text)
    return masked(MIXED.sub(lambda one: MASK if scrambled(one[0]) else one[0], text))


def scrambled(name: str) -> bool:
    """Whether a long run of letters and digits is a key: no path, run or name with a hash."""
    rest = DATED.sub("", name)
    kinds = [(one.isdigit(), one.isupper()) for one in rest if one.isalnum()]
    changes = sum(one != other for one, other in itertools.pairwise(kinds))
    return len(rest) >= 20 and changes >= RANDOM * len(kinds)


def emptied(found: re.Match[str]) -> str:
    """The mask, and the ends of the lines that it stands for."""
    return MASK + "\n" * found[0].count("\n")
