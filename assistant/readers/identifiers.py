"""DOIs and arXiv ids, found in whatever a source wraps them in."""

import re

_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>{}]+")
_NEW = r"\d{4}\.\d{4,5}"
_OLD = r"[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?/\d{7}"
_ARXIV = re.compile(rf"^(?:arxiv:\s*)?((?:{_NEW}|{_OLD})(?:v\d+)?)(?:\s*\[.*)?$", re.IGNORECASE)
_ARXIV_IN = re.compile(
    rf"(?:arxiv\.org/(?:abs|pdf|html)/|10\.48550/arxiv\.|\barxiv:\s*)((?:{_NEW}|{_OLD})(?:v\d+)?)", re.IGNORECASE
)


def doi(text: str) -> str | None:
    """Return the DOI in a text such as `https://doi.org/10.1/x` or `10.1/x [doi]`."""
    found = _DOI.search(text.replace("\\_", "_")[:2000])
    return found[0].rstrip(".,;") if found else None


def arxiv_id(text: str) -> str | None:
    """Return the arXiv id that a field is, with its version where one is given."""
    found = _ARXIV.match(text.strip()[:200])
    return found[1] if found else None


def arxiv_in(*texts: str | None) -> str | None:
    """Return the first arXiv id named in an address, a DOI or running text."""
    for text in texts:
        if text and (found := _ARXIV_IN.search(text[:5000])):
            return found[1]
    return None


def arxiv_month(arxiv: str | None) -> str:
    """Return the `YYYY-MM` of first submission that a new-style arXiv id tells, else nothing."""
    found = re.match(r"(\d\d)(\d\d)\.", arxiv or "")
    return f"20{found[1]}-{found[2]}" if found else ""
