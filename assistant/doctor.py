"""What is damaged in a library, and its repair: the catalogue's own links, the chunks and their vectors, the index.

Whatever is derived (chunks, vectors, the lexical index, Chroma) is made again from the papers; what only the user can
give, an abstract for instance, is listed. Each repair is made of whole transactions, so one that is interrupted goes on
where it was.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Literal

from assistant import ingest
from assistant.embed import Embedder
from assistant.library import Library
from assistant.records import Frozen
from assistant.store import Store

State = Literal["ok", "note", "repaired", "problem"]
Progress = Callable[[int, int], None]
"""Is told how many papers of how many are embedded again."""

_REPAIR = "Run: assistant doctor --repair."


class Finding(Frozen):
    """The outcome of one check.

    Attributes:
        check: its name.
        state: `note` is worth knowing and nothing that a repair could change.
        found: what was found, in words.
        keys: the papers that it is about, where it is about papers.
        cure: what to do; empty where there is nothing to do.
    """

    check: str
    state: State
    found: str
    keys: tuple[str, ...] = ()
    cure: str = ""


def examine(
    library: Library,
    store: Store,
    embedder: Embedder,
    *,
    repair: bool = False,
    progress: Progress = lambda done, total: None,
) -> list[Finding]:
    """Check a library from its file up to its index, and with `repair` mend what can be mended.

    Hold the write lock for a repair.

    Raises:
        HomeError: the home can't be written.
    """
    broken = library.broken_pages()
    if broken:
        return [
            Finding(
                check="file",
                state="problem",
                found=f"the catalogue's file is damaged ({broken})",
                cure="Bring it back from a copy, or move it away and add the papers again.",
            )
        ]
    findings = [Finding(check="file", state="ok", found=f"{len(library):,} papers in a sound file")]
    findings.append(_orphans(library, repair))
    findings.append(_lexical(library, repair))
    changed = _embedder(library, store, embedder, repair, progress)
    findings.append(changed)
    if changed.state != "problem":
        findings.append(_chunks(library, embedder, repair, progress))
        findings.append(_identical(library, embedder, repair))
    findings.append(_index(store, repair))
    findings.append(_empty(library))
    return findings


def _orphans(library: Library, repair: bool) -> Finding:
    count = library.orphans(drop=repair)
    return _finding("orphans", count, repair, "rows of papers that are gone", "no rows of papers that are gone")


def _lexical(library: Library, repair: bool) -> Finding:
    keys = library.unlike_lexical()
    if keys and repair:
        library.write_lexical()
    return _finding(
        "words", len(keys), repair, "papers stand otherwise in the lexical index", "lexical index whole", keys
    )


def _embedder(library: Library, store: Store, embedder: Embedder, repair: bool, progress: Progress) -> Finding:
    """Embed everything again where the vectors are another model's, or where that was begun and not ended."""
    noted = library.note("embedder")
    begun = library.note(ingest.EMBEDDING_AGAIN)
    if begun is None and noted in (None, embedder.id):
        return Finding(check="embedder", state="ok", found=f"vectors of {embedder.id.partition(':')[0]}")
    if repair:
        ingest.embed_all_again(library, embedder, progress)
        store.distrust()
    what = "the embedding with another model was left unfinished" if begun else f"the vectors are those of {noted}"
    return _outcome("embedder", repair, what)


def _chunks(library: Library, embedder: Embedder, repair: bool, progress: Progress) -> Finding:
    """Find papers without chunks, with chunks that aren't pieces of their abstracts, or without usable vectors."""
    import numpy as np

    keys = []
    for key, abstract, chunks in library.chunks_by_paper():
        vectors = [np.frombuffer(vector, dtype="<f4") for _, _, _, vector in chunks]
        whole = (
            bool(chunks)
            and all(abstract[start:end] == text for text, start, end, _ in chunks)
            and all(len(vector) == embedder.dimensions for vector in vectors)
            and all(abs(float(np.linalg.norm(vector)) - 1) < 1e-3 for vector in vectors)
        )
        if not whole:
            keys.append(key)
    if repair:
        embed_again(library, embedder, keys, progress)
    return _finding(
        "vectors", len(keys), repair, "papers lack passages or vectors", "every passage has its vector", keys
    )


def _identical(library: Library, embedder: Embedder, repair: bool) -> Finding:
    """Find different texts with one and the same vector, which an embedder that failed leaves behind."""
    keys = _sharing(library)
    if keys and repair:
        embed_again(library, embedder, keys)
        left = _sharing(library)
        if left:
            # The model itself can't tell these texts apart.
            return Finding(
                check="identical", state="note", found=f"{len(left):,} papers share vectors", keys=tuple(left)
            )
    return _finding(
        "identical", len(keys), repair, "papers share vectors with others", "no two texts share a vector", keys
    )


def _sharing(library: Library) -> list[str]:
    texts: defaultdict[bytes, set[str]] = defaultdict(set)
    papers: defaultdict[bytes, set[str]] = defaultdict(set)
    titles = library.titles()
    for key, _, chunks in library.chunks_by_paper():
        for text, _, _, vector in chunks:
            digest = hashlib.sha256(vector).digest()
            texts[digest].add(" ".join(f"{titles[key]} {text}".casefold().split()))
            papers[digest].add(key)
    return sorted({key for digest, said in texts.items() if len(said) > 1 for key in papers[digest]})


def _index(store: Store, repair: bool) -> Finding:
    fault = store.fault()
    if fault and repair:
        store.distrust()
        store.sync()
    if fault:
        return _outcome("index", repair, fault)
    return Finding(check="index", state="ok", found="the search index holds every vector as the catalogue does")


def _empty(library: Library) -> Finding:
    keys = tuple(paper.key for paper in library.papers() if not paper.abstract.strip())
    if not keys:
        return Finding(check="abstracts", state="ok", found="every paper has an abstract")
    return Finding(
        check="abstracts",
        state="note",
        found=f"{len(keys):,} papers have no abstract; only their titles are searched, and they are never cited",
        keys=keys,
        cure="Add a file that has the abstracts; see them with: assistant papers list --no-abstract.",
    )


def embed_again(
    library: Library,
    embedder: Embedder,
    keys: Sequence[str],
    progress: Progress = lambda done, total: None,
) -> None:
    """Cut and embed papers again, in transactions of some papers each."""
    stream: Iterable[str] = iter(keys)
    done = 0
    while batch := list(islice(stream, ingest.BATCH_RECORDS)):
        with library.transaction():
            ingest.store_chunks(library, embedder, [library.paper(key) for key in batch])
        done += len(batch)
        progress(done, len(keys))


def _finding(check: str, count: int, repair: bool, bad: str, good: str, keys: Sequence[str] = ()) -> Finding:
    return _outcome(check, repair, f"{count:,} {bad}", keys) if count else Finding(check=check, state="ok", found=good)


def _outcome(check: str, repair: bool, found: str, keys: Sequence[str] = ()) -> Finding:
    if repair:
        return Finding(check=check, state="repaired", found=found, keys=tuple(keys))
    return Finding(check=check, state="problem", found=found, keys=tuple(keys), cure=_REPAIR)
