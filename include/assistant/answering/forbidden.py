"""What no answer may show, whoever wrote it: secrets, links of its own, calls of tools, orders.

Text of documents and logs is data. What in it speaks to the machine that reads it is neither
obeyed nor repeated.
"""

import os
import re
from collections.abc import Iterable

from include.assistant.passages import Hit
from include.errors import masked

KEY = "LEEWAY_MODEL_API_KEY"  # the environment variable, and nowhere else
# Tokens that say by their form what they are: AWS, GitHub, OpenAI, Slack, Google, JWT, PEM.
TOKENS = re.compile(
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[opsur]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}"
    r"|\bsk-[A-Za-z0-9_-]{16,}|\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bAIza[\w-]{30,}|\bglpat-[\w-]{16,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)
# password is hunter22, secret key: 9f86d081884c7d65; not: the password is masked.
SAID = re.compile(
    r"\b(?:password|passwd|passphrase|secret(?:[ _-]key)?|api[ _-]?key|access[ _-]?key"
    r"|(?:bearer|auth|access)[ _-]token|token|fernet[ _-]?key)\b[\"'`]?\s*(?:is|was|=|:)\s*[\"'`]?"
    r"(?=[^\s\"'`]*\d)(?=[^\s\"'`]*[A-Za-z])[^\s\"'`<>{}$()]{6,}",
    re.IGNORECASE,
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
    r"<\s*(?:script|iframe|img|object|embed|svg|form|link|meta)\b|!\[[^\]]*\]\(", re.I
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
    r"|\b(?:DAN|developer|god) mode\b|\bjailbreak(?:en)?\b|^\s*(?:system|assistant|developer)\s*:",
    re.IGNORECASE | re.MULTILINE,
)


def orders(hit: Hit) -> bool:
    """Whether a passage speaks to the machine that reads it: then nothing of it is used."""
    text = "\n".join([*hit.titles, hit.text])
    return bool(ORDERS.search(text) or CALLS.search(text))


def in_passage(text: str) -> str:
    """Why a sentence of a passage is not to be shown, else ''."""
    if secret(text):
        return "it holds what looks like a secret"
    return "it holds markup that a page would carry out" if ACTIVE.search(text) else ""


def in_answer(text: str, sources: Iterable[str]) -> str:
    """Why a sentence that a model wrote is not to be shown, else ''.

    Args:
        sources: texts and addresses of the passages that it read.
    """
    reason = in_passage(text)
    if reason:
        return reason
    if CALLS.search(text):
        return "it calls a tool"
    known = {link for source in sources for link in links(source)}
    return "" if links(text) <= known else "it holds a link that is in no passage"


def links(text: str) -> set[str]:
    """The links of a text, without the marks that follow them."""
    return {link.rstrip(".,;:!?") for link in LINK.findall(text)}


def secret(text: str) -> bool:
    """Whether a text holds what looks like a password, token or key; or is the key in use."""
    key = os.environ.get(KEY, "").strip()
    if len(key) >= 8 and key in text:
        return True
    bare = EXAMPLES.sub("", text)
    shown = TOKENS.search(bare) or SAID.search(bare) or MIXED.search(bare)
    return bool(shown) or masked(bare) != bare
