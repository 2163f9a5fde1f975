"""Which papers to look at: the filters that the commands share."""

from typing import NamedTuple

from assistant import identity
from assistant.records import Paper


class Filter(NamedTuple):
    """Which papers to list; what is None or empty asks for nothing."""

    since: int | None = None
    until: int | None = None
    categories: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    has_abstract: bool | None = None
    has_code: bool = False
    tags: tuple[str, ...] = ()
    text: str = ""

    def accepts(self, paper: Paper) -> bool:
        """Tell whether a paper is asked for.

        Several categories or sources ask for any of them, several tags for all; a source is a part of a file's path;
        every word of the text must stand in the title, the abstract, the authors, the venue or the key.
        """
        year = paper.year
        if self.since is not None and (year is None or year < self.since):
            return False
        if self.until is not None and (year is None or year > self.until):
            return False
        if self.has_abstract is not None and bool(paper.abstract.strip()) != self.has_abstract:
            return False
        if self.has_code and not paper.has_code:
            return False
        categories = {category.lower() for category in paper.categories}
        if self.categories and not any(wanted.lower() in categories for wanted in self.categories):
            return False
        if self.sources and not any(part in source.file for part in self.sources for source in paper.sources):
            return False
        if not set(self.tags) <= set(paper.tags):
            return False
        if not self.text:
            return True
        fields = (paper.title, paper.abstract, *paper.authors, paper.venue or "", paper.key)
        words = identity.normalise(" ".join(fields))
        return all(word in words for word in identity.normalise(self.text).split())
