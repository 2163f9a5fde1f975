"""A language model that was trained to say yes or no behind a text and a claim."""

from collections.abc import Sequence

from assistant.generate import Reader
from assistant.judge import format


class YesOrNo:
    """Asks a model with a judge's adapter; what was read before is reused where it is the same."""

    def __init__(self, reader: Reader) -> None:
        """Prepare to ask.

        Args:
            reader: the model with the adapter.
        """
        self.tokens = reader.tokens
        self._reader = reader
        self._opening = reader.tokens(format.OPENING, special=True)
        self._words = [reader.tokens(word)[0] for word in (format.YES, format.NO)]

    def logits(self, read: str, most: int, asked: Sequence[str], longest: int) -> list[float]:
        """Return the logit of yes over no for each claim, whatever the others are.

        Args:
            read: what is read before all claims; may be empty.
            most: how many of its tokens are read, from its beginning.
            asked: each claim with the words around it.
            longest: how many tokens of each are read, from its end.
        """
        prefix = self._opening + self._reader.tokens(read)[:most]
        tokens = [self._reader.tokens(text)[-longest:] for text in asked]
        found = self._reader.follow(prefix, tokens, self._words)
        return [float(yes - no) for yes, no in found]
