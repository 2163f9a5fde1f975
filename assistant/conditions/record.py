"""What the papers that are found must be, and how a question's part of it is told from its topic."""

from collections.abc import Sequence
from typing import Protocol

from assistant.records import Frozen


class Conditions(Frozen):
    """What the papers that are found must be; what is None or empty asks for nothing."""

    since: str | None = None
    """`YYYY`, `YYYY-MM` or `YYYY-MM-DD`, inclusive."""
    until: str | None = None
    """In the same forms, inclusive."""
    has_code: bool | None = None
    survey: bool | None = None
    categories: tuple[str, ...] = ()
    """Any of them, with or without the archive: `CL`, `cs.CL`."""
    authors: tuple[str, ...] = ()
    """All of them."""
    first_author: str | None = None
    affiliations: tuple[str, ...] = ()
    """Any of them, as are venues and sources."""
    venues: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """Names of files, with or without folder and ending."""
    tags: tuple[str, ...] = ()
    """All of them."""
    not_authors: tuple[str, ...] = ()
    not_categories: tuple[str, ...] = ()
    not_venues: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    """Topics that the papers must not be about."""
    only: tuple[str, ...] = ()
    """Topics that papers should speak of; those that don't come last."""
    latest: bool = False
    """The newest of the relevant papers first."""
    include_unknown: bool = False
    """Keep papers that lack a field that is asked for."""

    def __bool__(self) -> bool:
        return bool(self.model_dump(exclude_defaults=True, exclude={"include_unknown"}))

    def joined(self, other: "Conditions") -> "Conditions":
        """Return both together; where only one can hold, this one's."""
        mine, theirs = self.model_dump(), other.model_dump()
        return Conditions(
            **{
                name: tuple(dict.fromkeys(value + theirs[name]))
                if isinstance(value, tuple)
                else (theirs[name] if value in (None, False) and theirs[name] is not None else value)
                for name, value in mine.items()
            }
        )

    def __str__(self) -> str:
        """Return the line that the user is shown: `filters: year ≥ 2023, has code; excluding: vision`."""
        wanted = [_period(self.since, self.until)]
        wanted.append({True: "has code", False: "no code", None: ""}[self.has_code])
        wanted.append({True: "surveys only", False: "", None: ""}[self.survey])
        wanted.append(_either("category", self.categories))
        wanted += [f"author {name}" for name in self.authors]
        wanted.append(f"first author {self.first_author}" if self.first_author else "")
        wanted.append(_either("affiliation", self.affiliations))
        wanted.append(_either("venue", self.venues))
        wanted.append(_either("source", self.sources))
        wanted += [f"tag {tag}" for tag in self.tags]
        wanted += [f"only {topic}" for topic in self.only]
        wanted.append("newest first" if self.latest else "")
        unwanted = ["surveys"] if self.survey is False else []
        unwanted += [f"author {name}" for name in self.not_authors]
        unwanted += [f"category {name}" for name in self.not_categories]
        unwanted += [f"venue {name}" for name in self.not_venues]
        unwanted += self.exclude
        parts = []
        if any(wanted):
            parts.append("filters: " + ", ".join(filter(None, wanted)))
        if unwanted:
            parts.append("excluding: " + ", ".join(unwanted))
        return "; ".join(parts)


def _period(since: str | None, until: str | None) -> str:
    field = "date" if "-" in f"{since or ''}{until or ''}" else "year"
    if since and since == until:
        return f"{field} {since}"
    if since and until:
        return f"{field} {since} to {until}"
    return f"{field} ≥ {since}" if since else f"{field} ≤ {until}" if until else ""


def _either(field: str, values: Sequence[str]) -> str:
    return f"{field} {' or '.join(values)}" if values else ""


class Known(Protocol):
    """What a library holds, as far as reading a question needs it."""

    @property
    def years(self) -> tuple[int, int] | None:
        """The first and the last year of its papers."""

    def has_author(self, name: str) -> bool:
        """Tell whether somebody of that name, or of a form of it, wrote one of its papers."""

    def has_affiliation(self, name: str) -> bool:
        """Tell whether one of its papers lists that affiliation."""

    def has_venue(self, name: str) -> bool:
        """Tell whether one of its papers appeared there."""

    def has_category(self, name: str) -> bool:
        """Tell whether one of its papers is of that category."""

    def has_source(self, name: str) -> bool:
        """Tell whether one of its papers came from that file."""

    def has_tag(self, name: str) -> bool:
        """Tell whether one of its papers has that tag."""


class Asked(Frozen):
    """A question as it was understood: what to search for, and what the papers must be."""

    text: str
    conditions: Conditions = Conditions()
