"""Cut abstracts and full texts into chunks that the embedder can read whole.

The embedder reads 256 tokens and drops the rest without a word, and abstracts average more. So an abstract is cut at
sentence ends into chunks that stay, title included, at 200 tokens or fewer. The title stands in front of each chunk
when it is embedded; the chunk itself is an exact piece of the abstract.
"""

from collections.abc import Callable
from typing import Any

from assistant import sentences
from assistant.records import Chunk, Paper

MAX_TOKENS = 200
# Room for the two marks that the embedder puts around a text.
_SPECIAL_TOKENS = 2
# A title longer than this is cut for embedding, so that it can't crowd out the text.
_MAX_TITLE_TOKENS = 64
_MIN_TEXT_TOKENS = 32


def chunk_paper(paper: Paper, count_tokens: Callable[[str], int]) -> list[Chunk]:
    """Return the chunks of a paper; one that holds the title alone where there is no abstract.

    Args:
        paper: the paper to cut.
        count_tokens: the embedder's own count, without special marks.
    """
    if not paper.abstract.strip():
        return [Chunk(id=f"{paper.key}#0", key=paper.key, title=paper.title, text="", start=0, end=0)]
    title_tokens = min(count_tokens(paper.title), _MAX_TITLE_TOKENS)
    room = max(MAX_TOKENS - _SPECIAL_TOKENS - title_tokens, _MIN_TEXT_TOKENS)
    return [
        Chunk(
            id=f"{paper.key}#{number}",
            key=paper.key,
            title=paper.title,
            text=paper.abstract[start:end],
            start=start,
            end=end,
        )
        for number, (start, end) in enumerate(_pieces(paper.abstract, room, count_tokens))
    ]


def chunk_section(text: str, count_tokens: Callable[[str], int]) -> list[tuple[int, int]]:
    """Return where the chunks of a section of a full text start and end; none of a blank text."""
    return _pieces(text, MAX_TOKENS - _SPECIAL_TOKENS, count_tokens) if text.strip() else []


def embedded_text(chunk: Chunk) -> str:
    """Return what the embedder reads for a chunk: the title, shortened if need be, and the text."""
    title = " ".join(chunk.title.split()[:_MAX_TITLE_TOKENS])
    return f"{title}. {chunk.text}" if title and chunk.text else title or chunk.text


def _pieces(text: str, room: int, count_tokens: Callable[[str], int]) -> list[tuple[int, int]]:
    """Return where the pieces of a text start and end, each of `room` tokens at most."""
    found = []
    for document in _splitter(room, count_tokens).create_documents([text]):
        start = int(document.metadata["start_index"])
        piece = str(document.page_content)
        if text[start : start + len(piece)] != piece:
            raise AssertionError(f"the chunk at {start} is not a piece of its text")
        found.append((start, start + len(piece)))
    return found


def _splitter(room: int, count_tokens: Callable[[str], int]) -> Any:
    """Return a text splitter that joins whole sentences up to `room` tokens.

    A sentence that is longer than that is cut at clauses, then at words.
    """
    from langchain_text_splitters import RecursiveCharacterTextSplitter, TextSplitter

    class SentenceSplitter(TextSplitter):
        def split_text(self, text: str) -> list[str]:
            spans = sentences.split(text)
            # Each piece runs up to the next sentence, so that the pieces joined are the text itself.
            ends = [span.start for span in spans[1:]] + [len(text)]
            pieces = []
            for span, end in zip(spans, ends, strict=True):
                piece = text[span.start : end]
                pieces.extend([piece] if count_tokens(piece) <= room else long_sentence.split_text(piece))
            return self._merge_splits(pieces, separator="")

    long_sentence = RecursiveCharacterTextSplitter(
        separators=["; ", ", ", " ", ""],
        keep_separator="end",
        chunk_size=room,
        chunk_overlap=0,
        length_function=count_tokens,
        strip_whitespace=False,
    )
    return SentenceSplitter(chunk_size=room, chunk_overlap=0, length_function=count_tokens, add_start_index=True)
