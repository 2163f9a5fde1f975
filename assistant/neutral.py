"""Text out of papers kept from acting: marks of chat templates broken up, sentences that aren't findings told apart.

A sentence that gives orders, plays a role or holds code is in an abstract to steer whoever reads it by machine. What
answers are made of is chosen without such sentences. A plain lie can't be told from a finding, here or anywhere.
"""

import re
import unicodedata
from collections import Counter

# Marks that open and close turns, roles and thoughts in the templates of Llama, Mistral, Qwen, Phi, Gemma, DeepSeek,
# SmolLM and those made after them.
_MARKS = re.compile(
    r"<(?=[|｜])|(?<=[|｜])>"
    r"|<(?=/?(?:s|bos|eos|pad|unk|mask|think|thinking|tool_call|tool_response|tools|start_of_turn|end_of_turn"
    r"|start_of_image|system|user|assistant|im_start|im_end|endoftext|begin_of_text|reserved_\w+|unused\d+)\s*/?>)"
    r"|<(?=</?SYS>>)|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\])",
    re.IGNORECASE,
)
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]")

DISGUISED = "\u241a"
"""The symbol for a substitute: stands where a field as it was read had a mark that changes how the text looks."""

_ORDERS = "ignore|disregard|forget|override|answer|reply|respond|repeat|print|output|reveal|cite|stop|write|say|tell"
_NOTICE = r"(?:(?:important|note|notice|new rule|system notice)\b\W*)?"
_READER = r"(?:ai|assistant|chatbot|language model|llm|reviewer|fact.?checker|judge|model reading)"
_SIGNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "it gives an order",
        re.compile(
            rf"^\W*{_NOTICE}(?:please\s+|now\s+|do not\s+|instead\s+)?(?:{_ORDERS})\b(?!\s*-)"
            r"|\b(?:ignore|disregard|forget|override)\s+(?:\w+\s+){0,4}"
            r"(?:instruction|question|rule|prompt|direction|above|previous)"
            r"|\bwhen(?:ever)? you\b|\byou (?:are now|only ever|must|should|have to)\b"
            r"|\byour (?:full )?(?:prompt|instruct|rules)|\b(?:summaries|answers?)\b.{0,40}\bmust\b"
            r"|\b(?:ignorez|oubliez|vergiss|ignoriere|ignora|olvida|dimentica|esqueça)\b|игнорируй|забудьте|忽略|无视|تجاهل|無視",
            re.IGNORECASE,
        ),
    ),
    (
        "it speaks to whoever reads it by machine",
        re.compile(
            rf"\b(?:dear|(?:note )?to the|attention,?) {_READER}\b(?=\s*:|\s+reading|, please)|^\W*{_READER}\s*:",
            re.IGNORECASE,
        ),
    ),
    (
        "it demands to be cited",
        re.compile(
            r"\b(?:please|must|has to|have to|demands?|always|only correct|whenever|wherever|no other|no paper but)\b"
            r".{0,120}\b(?:cit(?:e|es|ing|ation)|credit|attribute (?:it|this)|references?|quote)"
            r"|\b(?:cit(?:e|es|ing|ation)|credit|attribute|references?|quote)\b.{0,120}"
            r"\b(?:this paper|to us|must|no paper but|no other|has to|everything)\b"
            r"|\bonly correct citation\b|\bcite (?:us|this|only)\b",
            re.IGNORECASE,
        ),
    ),
    (
        "it plays a role in a talk",
        re.compile(
            r"(?:^|[.!?>]\s*|\n|#\s*)(?:user|assistant|system|human|system notice|question)\s*:|#{2,}\s*\w+"
            r"|\banswer\s*:\s*\w|\bmaintenance mode\b",
            re.IGNORECASE,
        ),
    ),
    (
        "it hands out verdicts",
        re.compile(
            r"\b(?:verdict|label|evidence)\s*:\s*[a-z]+|\b(?:any|every|each|the) (?:other )?claims? "
            r"(?:above|about this abstract)\b|\bfor every claim\b|\bany other claim\b|\bof the following are true\b",
            re.IGNORECASE,
        ),
    ),
    (
        "it holds code",
        re.compile(
            r"\{\s*\"|\{\{\s|\{%\s|\$\{|<\s*/?script|javascript:|!\[[^\]]*\]\(|\]\(https?:"
            r"|\[\d+(?:;\d+)*[mJHK]|\]\d;;?|^\d+m[A-Z]"
            r"|\\(?:input|include|write18|def|csname|catcode|immediate|openout|read|usepackage|begin|end|hline)\b",
            re.IGNORECASE,
        ),
    ),
    ("it holds marks of citations", re.compile(r"(?:\[\d+\][\s,;and]*){2,}|\bdoi:10\.0000\b")),
)
_LONGEST_WORDS, _LONGEST_WORD, _MOST_REPEATED = 120, 100, 8


def neutral(text: str) -> str:
    """Return a text in which no mark of a chat template stands whole, and nothing invisible stands at all.

    A space is put into each mark, which leaves it readable: `<|im_end|>` becomes `< |im_end| >`.
    """
    visible = _INVISIBLE.sub("", text)
    return _MARKS.sub(lambda found: " >" if found[0] == ">" else f"{found[0]} ", visible)


def why_not_told(sentence: str) -> str | None:
    """Return why a sentence of an abstract is no finding that an answer may rest on; None for an honest one."""
    if neutral(sentence) != sentence:
        return "it holds marks of a chat template or hidden characters"
    if DISGUISED in sentence:
        return "it holds marks that change how it looks"
    for why, sign in _SIGNS:
        if sign.search(sentence):
            return why
    words = sentence.split()
    if len(words) > _LONGEST_WORDS or any(len(word) > _LONGEST_WORD and "/" not in word for word in words):
        return "it is too long to be a sentence"
    counts = Counter(word.lower() for word in words if len(word) > 3)
    if counts and max(counts.values()) >= _MOST_REPEATED:
        return "it repeats itself"
    if any(map(_disguised, words)):
        return "it holds words in disguise"
    return None


def _disguised(word: str) -> bool:
    """Tell whether a word mixes Latin letters with their look-alikes, or is written in wide ones."""
    scripts = {unicodedata.name(char, "?").split()[0] for char in word if char.isalnum()}
    return "FULLWIDTH" in scripts or ("LATIN" in scripts and "CYRILLIC" in scripts)
