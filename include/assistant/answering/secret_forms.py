"""Secrets that say by their form what they are: for passages, answers and facts alike.

Answers and facts leave out whatever looks like one. Documents are full of examples: a passage is
refused only for what may be a real one.
"""

import re

# AWS, Azure, GitHub, OpenAI, Slack, Google, Hugging Face, npm, PyPI, Stripe, GitLab, JWT,
# Vault, Databricks, SendGrid, age, DigitalOcean, Shopify, Docker, Atlassian, Grafana, Telegram.
TOKENS = re.compile(
    r"\b(?=[\w.:=/-]{15})(?:"  # most words are shorter: a fifth of the time
    r"(?:AKIA|ASIA)[A-Z0-9]{16}\b|gh[opsur]_[A-Za-z0-9]{20,}|github_pat_\w{20,}"
    r"|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{20,}|pypi-[\w-]{30,}|sk-[A-Za-z0-9_-]{16,}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}|AIza[\w-]{30,}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|gl(?:pat|rt|dt|ptt|cbt)-[\w-]{16,}|hv[sbr]\.[\w-]{20,}|dapi[0-9a-f]{32}(?:-\d)?\b"
    r"|[rs]k_(?:test|live)_\w{10,}|SG\.[\w-]{16,}\.[\w-]{16,}|ya29\.[\w-]{16,}"
    r"|AGE-SECRET-KEY-1[A-Z0-9]{20,}|xapp-[\w-]{10,}"
    r"|do[opr]_v1_[0-9a-f]{32,}|shp(?:at|ca|pa|ss)_[0-9a-f]{32}|dckr_pat_[\w-]{20,}"
    r"|AccountKey=[\w+/]{80,}|ATATT3[\w=-]{20,}|glsa_\w{20,}|\d{8,10}:AA[\w-]{33}\b)"
    r"|(?<=hooks\.slack\.com/services/)[\w/]+"
    r"|(?<![\w+/=-])[\w-]{43}=(?![\w=])"  # a key of Fernet, as Airflow's own
)
# With what is in it: documents show the lines around a key, and nobody's key.
PRIVATE_KEY = re.compile(
    r"BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[\s\"'+,>|]|\\[nr]|[A-Z][\w-]{3,20}: [^\n]{0,80}\n){1,40}"
    r"[A-Za-z0-9+/=]{32}"
)
# aws_secret_access_key = ..., which has no form of its own.
AWS_SECRET = re.compile(
    r"(?i:secret_?access_?key)[\"'`]?\s*[=:]\s*[\"'`]?(?=[A-Za-z/+]*\d)[A-Za-z0-9/+]{40}(?![\w/+])"
)
# ://user:password@host; one without a digit, or of a host without a domain, is an example.
LOGIN = re.compile(
    r"://[^\s/?#@:\"'<>{}]*:(?=[^\s/@]*\d)(?=[^\s/@]*[A-Za-z])[^\s/@\"'<>{}$]{8,}"
    r"@(?!127\.|(?:[\w-]+\.)*example\b)[\w-]+\.\w"
)
# AKIAIOSFODNN7EXAMPLE, sk-your-own-key, ghp_xxxxxxxx
EXAMPLE = re.compile(r"EXAMPLE|^[a-z]+[_-](?:[a-z_-]+|[A-Z_-]+)$|([xX0])\1{7}")


def kind_of(text: str) -> str:
    """What kind of secret a text of a document holds, else ''; examples of them are none."""
    if PRIVATE_KEY.search(text):
        return "private key"
    found = (form.finditer(text) for form in (TOKENS, AWS_SECRET))
    if any(not EXAMPLE.search(one[0]) for forms in found for one in forms):
        return "token"
    return "password" if LOGIN.search(text) else ""
