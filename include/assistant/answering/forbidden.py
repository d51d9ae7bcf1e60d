"""What no answer may show, whoever wrote it: secrets, links of its own, calls of tools, orders.

Text of documents and logs is data. What in it speaks to the machine that reads it is neither
obeyed nor repeated.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from include.assistant.answering import secret_forms
from include.assistant.answering.sentences import split
from include.assistant.answering.signs import TAGGED, TURNING, latin, visible
from include.assistant.passages import Hit
from include.errors import masked

WITHHELD = "(withheld)"  # in the place of what is
MOST_SEEN = 10_000  # passages of which is kept what people may see
KEY = "LEEWAY_MODEL_API_KEY"  # the environment variable, and nowhere else
# Tokens that say by their form what they are, and where a private key begins.
TOKENS = re.compile(rf"{secret_forms.TOKENS.pattern}|-----BEGIN [A-Z ]*PRIVATE KEY-----")
# password is hunter22, secret key: 9f86d081884c7d65; not: the password is masked.
_NAMED = (
    r"\b(?i:password|passwort|passwd|passphrase|secret(?:[ _-]key)?|api[ _-]?key"
    r"|access[ _-]?key|(?:bearer|auth|access|api)[ _-]token|token|fernet[ _-]?key|pin)\b[\"'`]?"
    r"(?:\s+(?i:for|of|on|to|in)\s+[\w.-]+(?:\s+[\w.-]+){0,2}?)?\s*(?:(?i:is|was)\b|=|:)\s*"
)
SAID = re.compile(
    # With a digit; or a capital and a mark at its end, as in Sommergarten!; or words in quotes.
    rf"{_NAMED}[\"'`]?(?=[^\s\"'`]*\d)[^\s\"'`<>{{}}$()\[\]/]{{6,}}"
    rf"|{_NAMED}[A-Z][a-z]{{4,}}[\w-]*(?:!|\.$)|\b(?i:password|passwort|pin)\s+\d{{6,}}\b"
    rf"|{_NAMED}[\"'](?=\w*-)[\w-]{{12,}}[\"']"
    # Four words in one and more; or what only a machine writes.
    rf"|{_NAMED}[a-z]{{3,}}(?:-[a-z]{{3,}}){{3,}}(?![\w-])"
    r"|\b(?i:password|passphrase|secret|token|key)\s+(?=[a-f]*\d)[\da-f]{32,}\b"
)
# What stands for a password in examples: password=..., ://user:pass@, client_secret: "your-secret".
EXAMPLES = re.compile(
    r"(?<=://)\w*:(?:pass|passwd|password|pw|secret|tiger|guest|airflow|\$?\{\w*\}|<[\w -]*>)(?=@)"
    r"|\b(?:\w*(?:pass|passwd|password|secret|secret_key|token|api_key))[\"'`]?\s*[=:]\s*[\"'`]?"
    r"(?:\.\.\.|<[\w -]*>|\$?\{\w*\}|\*{3,}|x{3,}|pass|passwd|password|pw|secret|your[\w-]*)"
    r"(?![\w-])",
    re.IGNORECASE,
)
# A run of letters and digits so mixed that it is no word, name or hash of a commit.
MIXED = re.compile(
    r"(?<![\w/+.-])(?=[\w+/-]*[a-z])(?=[\w+/-]*[A-Z])(?=[\w+/-]*\d)[\w+/-]{32,}={0,2}"
)
LINK = re.compile(
    r"\b(?:https?|ftp|file|wss?)://[^\s<>\"'`)\]]+|\b(?:javascript:|data:\w+/)\S+", re.I
)
# What models write when they mean to act: forms of Llama, Qwen, Mistral, OpenAI, Anthropic.
CALLS = re.compile(
    r"</?(?:tool_call|function_call|function_calls|invoke|tool_use|function)\b|\[TOOL_CALLS\]"
    r"|<\|(?:python_tag|im_start|im_end|tool|assistant|system|eot_id)[^>]*\|>"
    r"|[\"'](?:tool_calls?|function_call|arguments)[\"']\s*:",
    re.IGNORECASE,
)
# Markup that a page would carry out rather than show.
ACTIVE = re.compile(
    r"<\s*(?:script|iframe|img|object|embed|svg|form|link|meta)\b|!\[[^\]]*\]\("
    r"|\b(?:javascript|vbscript):|\bdata:text/html",
    re.IGNORECASE,
)
# What a person who follows it may rue: a script from elsewhere run unseen, a password sent away.
_FETCH = r"(?:curl|wget|iwr|irm|invoke-webrequest|invoke-restmethod)\b"
_RUN = r"(?:sudo\s+(?:-\w+\s+)?)?(?:\w*sh|source|eval|python3?|perl|ruby|node|iex)\b"
RISKY = re.compile(
    # curl ... | bash; bash <(curl ...), sh -c "$(curl ...)"; curl ... -o x && bash x; exec(urlopen(
    rf"\b{_FETCH}[^\n]{{0,300}}?(?:\||&&|;)\s*{_RUN}"
    rf"|(?:\b{_RUN}|(?:^|\s)\.)\s[^\n|]{{0,40}}?(?:[<$]?\(|`)\s*(?:sudo\s+)?{_FETCH}"
    r"|\b(?:exec|eval)\s*\([^\n]{0,80}\b(?:urlopen|requests\.get|httpx\.get)\b"
    r"|\biex\b[^\n]{0,80}\bDownloadString\b"
    r"|\b(?:send|e-?mail|post|forward|give|submit|upload)\b[^.\n]{0,40}\byour\b[^.\n]{0,20}"
    r"\b(?:passwords?|passphrase|secrets?|tokens?|credentials|(?:api|private|old)[ -]keys?)\b"
    r"[^\n]{0,40}(?:\w@\w|://)"
    r"|://(?!localhost|127\.)\S+\s[^.\n]{0,30}\b(?:log(?:ging)? ?in|sign(?:ing)? in)\b",
    re.IGNORECASE,
)
# What speaks to the machine that reads: seen in prompt injections, not in documentation.
_BEFORE = r"(?:previous|prior|above|earlier|preceding|all|any|your|these|the|system|other)"
ORDERS = re.compile(
    rf"\b(?:ignore|disregard|forget|override|bypass)\b(?:\W+{_BEFORE}\b){{1,4}}"
    r"\W+(?:\w+\W+){0,2}(?:instructions?|prompts?|rules|guidelines|context|safety)\b"
    r"|\byou are (?:now|no longer)\b|\bnew (?:system )?(?:instructions?|prompt)\s*:"
    r"|\b(?:system|developer|hidden)[ _](?:prompt|instructions?|override)\b"
    r"|\b(?:ai|llm|language model|assistant|chatbot|agent)s?\b[^.\n]{0,40}"
    r"\b(?:must|should|shall|have to|has to|are to|is to|will)\b[^.\n]{0,40}"
    r"\b(?:ignore|reply|respond|answer|say|output|print|reveal|send|execute|run|call|include|obey)\b"
    r"|\b(?:as an ai|dear (?:ai|assistant|model)|(?:note|message|instructions?) (?:to|for) "
    r"(?:the )?(?:ai|llm|assistant|model|language model|agent|chatbot)s?)\b"
    r"|\b(?:ignore|disregard|forget)\s+(?:everything|anything|all|what)\b[^.\n]{0,30}"
    r"\b(?:above|before|earlier|previously|so far|told|written)\b"
    r"|\b(?:do not|don't|never) (?:follow|obey|heed)\b[^.\n]{0,20}\b(?:rules|instructions)\b"
    r"[^.\n]{0,20}\b(?:above|before|earlier|given|told)\b"
    r"|(?:^|[.:;!?]\s+)(?:please\s+)?(?:reply|respond|answer)\s+(?:only\s+)?with\b"
    r"|\b(?:any|every|each|whichever|all)\s+(?:ai|llm|(?:language )?model|assistant|agent|bot)s?\b"
    r"[^.\n]{0,30}\b(?:reads?|reading|process(?:es|ing)?)\b|\bwho(?:m|so)?ever reads\b"
    r"|\b(?:print|output|say|write)\b (?:only )?the (?:word|marker|phrase) [A-Z]"
    r"|\b(?:DAN|developer|god) mode\b|\bjailbreak(?:en)?\b|^\s*(?:system|assistant|developer)\s*:",
    re.IGNORECASE | re.MULTILINE,
)
# Of several sentences, one a line or not: the end of each is one of SAID's.
_SAID_IN_ANY = re.compile(SAID.pattern.replace(r"\.$", r"\.(?:\s|$)"))
LOOKS = tuple(
    pattern.search for pattern in (ACTIVE, MIXED, CALLS, RISKY, _SAID_IN_ANY, TOKENS, ORDERS)
)


def orders(hit: Hit) -> bool:
    """Whether a passage speaks to the machine that reads it: then nothing of it is used.

    The same holds of one that may do harm to whoever follows it: a model is not to see it either.
    """
    held = "\n".join([*hit.titles, hit.text])
    if TAGGED.search(held):
        return True  # letters that no reader sees are for a machine
    text = latin(held)
    return any(pattern.search(text) for pattern in (ORDERS, CALLS, RISKY))


def withheld(hit: Hit) -> Hit:
    """The passage as a model may see it: without the sentences that are not to be shown."""
    text = hit.text
    for sentence in split(text):
        if in_passage(sentence):
            text = text.replace(sentence, WITHHELD)
    return replace(hit, text=text)


def readable(hit: Hit) -> tuple[Hit, str]:
    """The passage as people may see it, and why something of it is withheld, else ''.

    Its place and its address stay: whoever wants to may read there what it says.
    """
    titles, text, reason = seen(hit.titles, hit.text)
    return (replace(hit, titles=titles, text=text), reason) if reason else (hit, "")


@lru_cache(MOST_SEEN)  # ten take as long as a search; the key in use stays while a process runs
def seen(titles: tuple[str, ...], text: str) -> tuple[tuple[str, ...], str, str]:
    """What people may see of the titles and the text of a passage, and why not all of it."""
    if not doubtful("\n".join([*titles, text])):
        return titles, text, ""
    hit = Hit("", "", "", "", titles, text, "", "", 0.0, 0.0, 0.0)
    heads = [replace(hit, titles=(title,), text="") for title in titles]
    clean = [
        WITHHELD if in_passage(one.titles[0]) or orders(one) else one.titles[0] for one in heads
    ]
    if orders(hit):
        return tuple(clean), WITHHELD, "it speaks to machines, or may do harm to whoever follows it"
    reason = next(filter(None, map(in_passage, (*titles, *split(text)))), "")
    left = withheld(hit).text
    if together := in_passage(left):  # of two sentences, neither of which says so alone
        left, reason = WITHHELD, reason or together
    return tuple(clean), left, reason


def doubtful(held: str) -> bool:
    """Whether something of a passage may have to be withheld, for most say no at once.

    It looks at all sentences together, and takes nothing for an example: what it says of each
    sentence, or of the whole, is said here too, and now and then more.
    """
    text = latin(held)
    shown = any(pattern.search(held) for pattern in (TAGGED, TURNING))
    return shown or any(look(text) for look in LOOKS) or masked(text) != text or in_use(held)


def in_passage(text: str) -> str:
    """Why a sentence of a passage is not to be shown, else ''."""
    if secret(text):
        return "it holds what looks like a secret"
    if TURNING.search(text) or TAGGED.search(text):
        return "it holds signs that hide what it says"
    text = latin(text)
    if RISKY.search(text):
        return "it may do harm to whoever follows it"
    return "it holds markup that a page would carry out" if ACTIVE.search(text) else ""


def in_answer(text: str, sources: Iterable[str]) -> str:
    """Why a sentence that a model wrote is not to be shown, else ''.

    Args:
        sources: texts and addresses of the passages that it read.
    """
    reason = in_passage(text)
    if reason:
        return reason
    text = visible(text)
    if CALLS.search(text):
        return "it calls a tool"
    known = {link for source in sources for link in links(source)}
    return "" if links(text) <= known else "it holds a link that is in no passage"


def links(text: str) -> set[str]:
    """The links of a text, without the marks that follow them."""
    return {link.rstrip(".,;:!?") for link in LINK.findall(text)}


def in_use(text: str) -> bool:
    """Whether a text holds the key of the model."""
    key = os.environ.get(KEY, "").strip()
    return len(key) >= 8 and (key in text or key in visible(text))


def secret(text: str) -> bool:
    """Whether a text holds what looks like a password, token or key; or is the key in use."""
    if in_use(text):
        return True
    bare = EXAMPLES.sub("", latin(text))
    shown = TOKENS.search(bare) or SAID.search(bare) or MIXED.search(bare)
    return bool(shown) or masked(bare) != bare
