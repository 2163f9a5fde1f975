"""Dates, as exactly as a source gives them and no more."""

import datetime
import re
from typing import NamedTuple

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(r"^\s*(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?)?(?!\d)")
_YEAR = re.compile(r"(?<!\d)(1[4-9]\d\d|20\d\d|21\d\d)(?!\d)")
_MONTH = re.compile(rf"\b({'|'.join(_MONTHS)})[a-z]*\b", re.IGNORECASE)
_DAY = re.compile(r"(?<![\d:])(\d{1,2})(?:st|nd|rd|th)?(?![\d:\w])")


class When(NamedTuple):
    """A year and a date, as `records.Bibliography` holds them."""

    year: int | None = None
    date: str | None = None


def when(year: int | None, month: int | None = None, day: int | None = None) -> When:
    """Return the most exact date that these parts make; impossible parts are left out."""
    if month is not None and not 1 <= month <= 12:
        month = None
    if day is not None and (month is None or not _exists(year, month, day)):
        day = None
    if year is None or not _YEAR.fullmatch(str(year)):
        return When(None, f"--{month:02d}-{day:02d}" if month and day else None)
    parts = [f"{year:04d}"] + ([f"{month:02d}"] if month else []) + ([f"{day:02d}"] if month and day else [])
    return When(year, "-".join(parts))


def _exists(year: int | None, month: int, day: int) -> bool:
    try:
        datetime.date(year if year and 1 <= year <= 9999 else 2000, month, day)
    except ValueError:
        return False
    return True


def parse(text: str) -> When:
    """Read a date in any of the ways exporters write it: ISO, `2021 Mar 4`, `4 March 2021`, a mail date, a year."""
    text = text[:80]
    iso = _ISO.match(text)
    if iso and not _MONTH.search(text):
        year, month, day = (int(part) if part else None for part in iso.groups())
        return when(year, month, day)
    year_found, month_found = _YEAR.search(text), _MONTH.search(text)
    year = int(year_found[1]) if year_found else None
    if month_found is None:
        return when(year)
    return when(year, month_number(month_found[1]), _day(text))


def _day(text: str) -> int | None:
    found = _DAY.search(_YEAR.sub(" ", text))
    return int(found[1]) if found else None


def month_number(text: str) -> int | None:
    """Return the month that a name, an abbreviation or a number stands for."""
    text = text.strip().lower()
    if text.isascii() and text.isdigit():
        return int(text) if len(text) <= 2 and 1 <= int(text) <= 12 else None
    return _MONTHS.index(text[:3]) + 1 if text[:3] in _MONTHS else None


def is_date(text: str) -> bool:
    """Tell whether a text is a date in a form that records hold."""
    return bool(re.fullmatch(r"\d{4}(?:-\d\d(?:-\d\d)?)?|--\d\d-\d\d", text))
