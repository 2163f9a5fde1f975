"""Guards that work while a model writes: which words it may use, and how long it may copy.

They see tokens and scores and set what is forbidden to minus infinity, so a forbidden word can't be written at all,
whatever the model makes of its prompt.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from assistant.terms import STOPWORDS, stem

if TYPE_CHECKING:
    import numpy as np

    Logits = np.ndarray[tuple[int], np.dtype[np.float32]]
    Tokens = np.ndarray[tuple[int], np.dtype[np.intc]]

Tokenise = Callable[[str], list[int]]
_Trie = dict[int, "_Trie | str"]
_END = -1
"""The place in a trie that holds the word that ends there."""


class WordGuard:
    """Keeps one sentence inside a closed vocabulary, without loops, and open until it says enough.

    Each content word may be used as often as the source uses it, no three words may follow each other twice, and the
    full stop is forbidden until a share of the source's content words has been used.
    """

    def __init__(
        self,
        words: frozenset[str],
        source: Sequence[str],
        tokenise: Tokenise,
        *,
        end: Sequence[int],
        prompt_length: int,
        opened: bool,
        min_kept: float,
    ) -> None:
        """Prepare a guard.

        Args:
            words: the vocabulary.
            source: the words of the source sentence, in order.
            tokenise: turns a text into tokens.
            end: the tokens that end a text.
            prompt_length: tokens of the input before the text.
            opened: whether the sentence was begun already, by a forced opening.
            min_kept: share of the source's content words to be used before the sentence may end.
        """
        self._tokenise = tokenise
        self._end = list(end)
        self._prompt_length = prompt_length
        self._inside = self._trie(" " + word for word in words)
        capitals = (word[:1].upper() + word[1:] for word in words)
        self._first = self._inside if opened else self._trie(lead + word for word in capitals for lead in ("", " "))
        self._stop, self._comma = tokenise(".")[-1], tokenise(",")[-1]
        self._budget: dict[str, int] = {}
        for word in source:
            if word.lower() not in STOPWORDS:
                self._budget[stem(word)] = self._budget.get(stem(word), 0) + 1
        self._unguarded: np.ndarray[tuple[int], np.dtype[np.float64]] | None = None
        self.log_probabilities: list[float] = []
        self._needed = max(1, round(min_kept * len(self._budget)))

    def _trie(self, words: Iterable[str]) -> _Trie:
        root: _Trie = {}
        for word in words:
            node = root
            for token in self._tokenise(word):
                node = node.setdefault(token, {})  # type: ignore[assignment]
            node[_END] = word.strip()
        return root

    def __call__(self, input_ids: "Tokens", scores: "Logits") -> "Logits":
        """Return the scores with everything forbidden at minus infinity."""
        import numpy as np

        self._follow(input_ids, scores)
        permitted = self._permitted([int(token) for token in input_ids[self._prompt_length :]])
        masked = np.full_like(scores, -np.inf)
        masked[permitted] = scores[permitted]
        return masked

    def _follow(self, input_ids: "Tokens", scores: "Logits") -> None:
        """Note how probable the model, left to itself, found the token that was written last."""
        import numpy as np

        if len(input_ids) > self._prompt_length and self._unguarded is not None:
            self.log_probabilities.append(float(self._unguarded[int(input_ids[-1])]))
        shifted = scores.astype(np.float64) - scores.max()
        self._unguarded = shifted - np.log(np.exp(shifted).sum())

    def _permitted(self, written: Sequence[int]) -> list[int]:
        node, said, after_comma = self._first, list[str](), False
        for token in written:
            if token in node:
                node, after_comma = node[token], False  # type: ignore[assignment]
                continue
            if _END not in node:
                return self._end  # outside the vocabulary: can only be left by ending
            said.append(str(node[_END]))
            if token == self._stop:
                return self._end
            if token == self._comma:
                node, after_comma = self._inside, True
            else:
                node, after_comma = self._inside.get(token, {}), False  # type: ignore[assignment]
        return self._next(node, said, at_start=not written, after_comma=after_comma)

    def _next(self, node: _Trie, said: list[str], *, at_start: bool, after_comma: bool) -> list[int]:
        if at_start or after_comma:
            return self._open(node, said)
        # A longer word whose budget is spent would only be caught at its end, so every branch is looked into.
        permitted = self._open(node, said)
        if _END in node:
            now = [*said, str(node[_END])]
            permitted += [*self._open(self._inside, now), self._comma]
            if self._used(now) >= self._needed:
                permitted.append(self._stop)
        return permitted or [self._stop]

    def _open(self, node: _Trie, said: list[str]) -> list[int]:
        """Return the tokens below a node that lead to at least one word that may still be said."""
        return [token for token, below in node.items() if token != _END and self._reaches(below, said)]

    def _reaches(self, node: "_Trie | str", said: list[str]) -> bool:
        if isinstance(node, str):
            return False
        if _END in node and self._may_say(str(node[_END]), said):
            return True
        return any(self._reaches(below, said) for token, below in node.items() if token != _END)

    def _may_say(self, word: str, said: list[str]) -> bool:
        lowered = [earlier.lower() for earlier in said]
        run = (*lowered[-2:], word.lower())
        if len(run) == 3 and any(tuple(lowered[i : i + 3]) == run for i in range(len(lowered) - 2)):
            return False
        if lowered and lowered[-1] == word.lower():
            return False
        if word.lower() in STOPWORDS:
            return True
        return sum(stem(earlier) == stem(word) for earlier in said) < max(1, self._budget.get(stem(word), 1))

    def _used(self, said: Sequence[str]) -> int:
        return len({stem(word) for word in said} & set(self._budget))


class CopyGuard:
    """Ends verbatim runs: after `max_run` words in common, the source's next plain word is forbidden.

    Names and numbers go through, because leaving one out or changing it would be worse than copying it.
    """

    def __init__(self, source: Sequence[int], pieces: Sequence[bytes], max_run: int, prompt_length: int) -> None:
        """Prepare a guard.

        Args:
            source: the tokens of the text that must not be copied.
            pieces: the bytes of each of them.
            max_run: how many words may be copied in a row.
            prompt_length: how many tokens of the input came before the text.
        """
        self._source = list(source)
        self._starts_word = [piece[:1].isspace() or index == 0 for index, piece in enumerate(pieces)]
        self._plain = [piece[:1] == b" " and piece[1:].isalpha() and piece[1:].islower() for piece in pieces]
        self._max_run = max_run
        self._prompt_length = prompt_length

    def __call__(self, input_ids: "Tokens", scores: "Logits") -> "Logits":
        """Return the scores with the forbidden tokens at minus infinity."""
        written = [int(token) for token in input_ids[self._prompt_length :]]
        for after in range(1, len(self._source)):
            if self._plain[after] and self._run(written, after) >= self._max_run:
                scores[self._source[after]] = float("-inf")
        return scores

    def _run(self, written: list[int], after: int) -> int:
        """Return how many words before `after` in the source end the written text."""
        words = 0
        for back in range(1, min(after, len(written)) + 1):
            if self._source[after - back] != written[-back]:
                break
            words += self._starts_word[after - back]
        return words
