"""Text fields as they should be stored: one line, no markup, nothing of the text itself lost."""

import html
import re

from assistant.neutral import DISGUISED

# Only elements that publishers' feeds use: `<unk>`, `<s>` and `a < b` are the authors' own words.
_BLOCK = "p|br|div|sec|title|label|list|list-item|ul|ol|li|h[1-6]|disp-formula|table|tr|td|abstracttext"
_INLINE = (
    "i|b|u|em|strong|sub|sup|inf|span|italic|bold|sc|scp|tt|a|font|small|ext-link|xref|inline-formula|tex-math|"
    "math|mi|mn|mo|mrow|msub|msup|msubsup|mfrac|msqrt|mtext|mover|munder|mstyle|semantics|annotation"
)
_BLOCK_TAG = re.compile(rf"</?(?:jats:)?(?:{_BLOCK})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_INLINE_TAG = re.compile(
    rf"</?(?:jats:|mml:)?(?:{_INLINE})(?:\s[^<>]*)?/?>|</?(?:jats|mml):[\w-]+[^<>]*>", re.IGNORECASE
)
_HEADING = re.compile(r"^\s*<((?:jats:)?(?:title|h[1-6]|b|strong))>\s*abstract\s*[:.]?\s*</\1>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]\w{1,30});")
# With the controls go the marks that hide text or turn its direction: zero widths, soft hyphens, overrides, tags.
# Joiners stay, because some scripts are spelt with them.
_CONTROL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ud800-\udfff"
    "\U000e0000-\U000e007f]"
)
# What makes a text look other than it reads, on a terminal or in a page. Taken out without a trace, it would leave the
# trick as honest text: digits that were written backwards, say.
_DISGUISE = re.compile("[\b\x1b\x9b\u202d\u202e]")
# "Abstract Meaning Representation" opens with the same word, so a mark or a line end has to follow it.
_LEADING_UPPER = re.compile(r"^ABSTRACT\s+(?=(?:[A-Z][a-z]+|A|I)\b)")
_LEADING_MARK = re.compile(r"^abstract(?:\s*[:.—–]\s*|\s+-\s+|[ \t]*\n\s*)(?=\S)", re.IGNORECASE)
_COPYRIGHT = re.compile(
    r"(?<=[.!?)\]”\"])\s+(?:copyright\s*)?(?:©|\(c\)|copyright)\s*(?:copyright\s*)?"
    r"(?:\d{4}\b|the authors?\b|by the authors?\b|elsevier\b|springer\b|wiley\b|ieee\b|acm\b|[A-Z]\w+ \d{4}\b)"
    r"[^©]{0,160}$",
    re.IGNORECASE,
)
_RIGHTS = re.compile(
    r"(?<=[.!?)\]”\"])\s+(?:published by (?:elsevier|springer|wiley|oxford university press|ieee|acm)\b[^.]{0,80}\.?"
    r"|all rights reserved\.?)$",
    re.IGNORECASE,
)


def one_line(value: object) -> str:
    """Return a field as one line of text; what is neither text nor a number is empty.

    Controls, hidden marks and lone surrogates go: neither a terminal, a model nor a database should get them. In the
    place of those that change how the text around them looks, a visible sign is left.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    try:
        return " ".join(_CONTROL.sub("", _DISGUISE.sub(DISGUISED, str(value))).split())
    except ValueError:  # an integer of more digits than Python turns into text
        return ""


def without_markup(text: str) -> str:
    """Return a text without HTML, JATS and MathML elements, its entities resolved."""
    if "<" not in text and "&" not in text:
        return text
    for _ in range(2):  # feeds escape their markup once or twice
        text = _INLINE_TAG.sub("", _BLOCK_TAG.sub(" ", text))
        text = _ENTITY.sub(lambda found: html.unescape(found[0]), text)
    return _INLINE_TAG.sub("", _BLOCK_TAG.sub(" ", text))


def title(value: object) -> str:
    """Return a title as one line without markup."""
    return one_line(without_markup(value)) if isinstance(value, str) else one_line(value)


def abstract(value: object) -> str:
    """Return an abstract as one line without markup, leading "Abstract" and closing copyright line."""
    if not isinstance(value, str):
        return one_line(value)
    text = without_markup(_HEADING.sub("", value)).strip()
    text = _LEADING_UPPER.sub("", _LEADING_MARK.sub("", text))
    return without_notice(one_line(text))


def without_notice(text: str) -> str:
    """Return an abstract without the publisher's copyright line at its end."""
    for _ in range(3):
        # The notice is short, so only the end is searched; the pattern would cost time on a long text.
        cut = max(0, len(text) - 260)
        tail = _COPYRIGHT.sub("", _RIGHTS.sub("", text[cut:]))
        if len(text[cut:]) == len(tail):
            break
        text = text[:cut] + tail
    return text
