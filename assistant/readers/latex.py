"""LaTeX in BibTeX fields as Unicode text.

Accents, special letters, quotation marks, dashes and grouping braces are resolved. Mathematics stays as it is
written, a bare `%` is a percent sign (in a field it starts no comment), and a command that is not known stays.
"""

import re
import unicodedata

_ACCENTS = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", "=": "\u0304", "u": "\u0306", ".": "\u0307",
    '"': "\u0308", "r": "\u030a", "H": "\u030b", "v": "\u030c", "d": "\u0323", "c": "\u0327", "k": "\u0328",
    "b": "\u0331",
}  # fmt: skip
_SYMBOLS = {
    "ss": "ß", "SS": "ẞ", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ",
    "aa": "å", "AA": "Å", "i": "ı", "j": "ȷ", "dh": "ð", "DH": "Ð", "dj": "đ", "DJ": "Đ", "th": "þ", "TH": "Þ",
    "ng": "ŋ", "NG": "Ŋ", "textendash": "–", "textemdash": "—", "ldots": "…", "dots": "…", "textellipsis": "…",
    "textquoteleft": "‘", "textquoteright": "’", "textquotedblleft": "“", "textquotedblright": "”",
    "textquotesingle": "'", "textquotedbl": '"', "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^",
    "textless": "<", "textgreater": ">", "textbar": "|", "textunderscore": "_", "textdollar": "$", "textpercent": "%",
    "textbraceleft": "{", "textbraceright": "}", "textdegree": "°", "textregistered": "®", "texttrademark": "™",
    "copyright": "©", "textcopyright": "©", "pounds": "£", "textsterling": "£", "texteuro": "€", "euro": "€", "S": "§",
    "P": "¶", "dag": "†", "textdagger": "†", "textbullet": "•", "textperiodcentered": "·", "textmu": "µ",
    "texttimes": "×", "textpm": "±", "textonehalf": "½", "guillemotleft": "«", "guillemotright": "»", "slash": "/",
    "textexclamdown": "¡", "textquestiondown": "¿", "textordfeminine": "ª", "textordmasculine": "º",
    "quotedblbase": "„",
    "glqq": "„", "grqq": "“", "par": " ", "newline": " ", "quad": " ", "qquad": " ", "space": " ", "relax": "",
    "textvisiblespace": " ", "LaTeX": "LaTeX", "TeX": "TeX", "BibTeX": "BibTeX", "noopsort": "", "protect": "",
    "bf": "", "it": "", "em": "", "sc": "", "rm": "", "tt": "", "sl": "", "sf": "", "bfseries": "", "itshape": "",
    "small": "", "scshape": "", "ttfamily": "", "upshape": "", "normalfont": "",
}  # fmt: skip
# Commands that only dress their argument.
_DRESS = frozenset(
    """emph textit textbf textsc texttt textrm textsf textsl textup textmd textnormal underline uline mbox hbox text
    url path enquote mkbibquote mkbibemph mkbibbold mkbibitalic bibstring ensuremath nolinkurl uppercase lowercase
    textsuperscript textsubscript mkbibparens MakeUppercase MakeLowercase NoCaseChange hspace""".split()
)
_ESCAPED = "%&$#_{}"
_COMMAND = re.compile(r"\\(?:([A-Za-z]+)\*?|(.))", re.DOTALL)
_MAX_NESTING = 6


def decode(text: str, _depth: int = 0) -> str:
    """Return the text of a field; whitespace is left to the caller."""
    if not any(char in text for char in "\\{}$~-`'"):
        return text
    out: list[str] = []
    closers: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            at = _command(text, at, out, closers, _depth)
        elif char == "$":
            at = _copy_math(text, at, out)
        elif char == "{":
            closers.append("")
            at += 1
        elif char == "}":
            out.append(closers.pop() if closers else "")
            at += 1
        else:
            at = _plain(text, at, out)
    return unicodedata.normalize("NFC", "".join(out))


def _plain(text: str, at: int, out: list[str]) -> int:
    """Copy a character, or a ligature as the one that it stands for; return where to go on."""
    for written, meant in (("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("~", " ")):
        if text.startswith(written, at):
            out.append(meant)
            return at + len(written)
    out.append(text[at])
    return at + 1


def _copy_math(text: str, at: int, out: list[str]) -> int:
    """Copy `$…$` as it stands; a dollar sign with no partner is only a dollar sign."""
    start = at + 2 if text.startswith("$$", at) else at + 1
    end = start
    while True:
        # Mathematics in an abstract is short; two prices far apart are not mathematics.
        end = text.find("$", end, at + 2000)
        if end < 0:
            out.append("$")
            return at + 1
        if text[end - 1] != "\\":
            break
        end += 1
    end += 2 if text.startswith("$$", at) and text.startswith("$$", end) else 1
    out.append(text[at:end])
    return end


def _command(text: str, at: int, out: list[str], closers: list[str], depth: int) -> int:
    """Resolve the command at a backslash; return where to go on."""
    found = _COMMAND.match(text, at)
    if found is None:  # the backslash is the last character
        out.append("\\")
        return at + 1
    name, end = found[1] or found[2], found.end()
    if name in _ACCENTS and (accented := _accent(text, end, name, depth)):
        out.append(accented[0])
        return accented[1]
    if found[1] is None:
        return _control_symbol(text, at, name, out)
    if name in _SYMBOLS:
        out.append(_SYMBOLS[name])
        return _after_word(text, end)
    if name == "href" and (second := re.compile(r"\s*\{[^{}]*\}\s*(?=\{)").match(text, end)):
        return second.end()
    if name in _DRESS:
        return end + len(text[end : end + 1]) if text[end : end + 1] == " " else end
    out.append(found[0])
    if text.startswith("{", end):  # an unknown command keeps its argument's braces, or the two would run together
        out.append("{")
        closers.append("}")
        return end + 1
    return end


def _control_symbol(text: str, at: int, name: str, out: list[str]) -> int:
    if name in ("(", "["):
        end = text.find(")" if name == "(" else "]", at + 2, at + 2000)
        while end > 0 and text[end - 1] != "\\":
            end = text.find(text[end], end + 1, at + 2000)
        if end > 0:
            out.append(text[at : end + 1])
            return end + 1
    if name in _ESCAPED:
        out.append(name)
    elif name in ("\\", " ", "\n", ",", ";", ":", "!", "~"):
        out.append(" " if name not in ("!",) else "")
    elif name not in ("-", "/"):
        out.append("\\" + name)
    return at + 2


def _after_word(text: str, end: int) -> int:
    """Skip what ends a command's name: an empty group or one space."""
    if text.startswith("{}", end):
        return end + 2
    return end + 1 if text[end : end + 1].isspace() else end


def _accent(text: str, at: int, name: str, depth: int) -> tuple[str, int] | None:
    """Return the accented letter and where to go on; None where no letter follows."""
    letters = name.isalpha()
    start = at
    while at < len(text) and text[at].isspace():
        at += 1
    if letters and at == start and text[at : at + 1] not in ("{", "\\"):
        return None
    if text.startswith("{", at):
        end = _group_end(text, at)
        if end is None or depth >= _MAX_NESTING:
            return None
        base, end = decode(text[at + 1 : end], depth + 1), end + 1
    elif text.startswith("\\", at):
        found = _COMMAND.match(text, at)
        if found is None or depth >= _MAX_NESTING:
            return None
        base, end = decode(found[0], depth + 1), _after_word(text, found.end())
    else:
        base, end = text[at : at + 1], at + 1
    if not base or not base[0].isalpha():
        return (base, end) if not base.strip() and text.startswith("{", at) else None
    plain = {"ı": "i", "ȷ": "j"}.get(base[0], base[0])
    return unicodedata.normalize("NFC", plain + _ACCENTS[name]) + base[1:], end


def _group_end(text: str, at: int) -> int | None:
    """Return where the group that opens here closes; None where it is no short group."""
    open_braces = 0
    for place in range(at, min(len(text), at + 60)):
        open_braces += {"{": 1, "}": -1}.get(text[place], 0)
        if open_braces == 0:
            return place
    return None


def split_outside_braces(text: str, separator: re.Pattern[str]) -> list[str]:
    """Part a field at a separator, but not inside braces."""
    parts: list[str] = []
    start = depth = at = 0
    for found in re.finditer(rf"\\.|[{{}}]|{separator.pattern}", text, re.DOTALL | separator.flags):
        mark = found[0]
        at = found.start()
        if mark == "{":
            depth += 1
        elif mark == "}":
            depth = max(0, depth - 1)
        elif not mark.startswith("\\") and depth == 0:
            parts.append(text[start:at])
            start = found.end()
    return [*parts, text[start:]]
