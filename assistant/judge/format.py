"""How the judge's language model is asked: the texts around evidence and claim, the same in training and use."""

OPENING = "<|im_start|>user\n"
CLAIM = "\nClaim: {claim}\nSupported:"
YES, NO = " yes", " no"
MAX_EVIDENCE = 400
"""Tokens of title and abstract that training reads."""
MAX_WINDOW = 520
"""Tokens of title and evidence that are judged at once; a longer text is judged in windows."""
MAX_CLAIM = 160
"""Tokens of a claim, with the words around it."""
NEAREST_WORDS = 90
"""Words of the sentences nearest to a claim that are read for it."""
MAX_CLAIM_FIRST = 420
"""Tokens of a claim, those sentences, and the claim again."""


def evidence_text(title: str, evidence: str) -> str:
    """Return what is read before all claims, behind OPENING."""
    title = title.strip()
    return (title + "\n" if title else "") + evidence.strip() + "\n"


def claim_text(claim: str) -> str:
    """Return a claim as it is asked about."""
    return CLAIM.format(claim=claim.strip())


def claim_first_text(claim: str, title: str, nearest: str) -> str:
    """Return what the judge that knows the claim before it reads is asked, behind OPENING.

    A model that reads from left to right reads a text differently when it knows what to look for; the claim stands
    again behind it, so that its own words can be compared with it.

    Args:
        claim: one sentence.
        title: of the evidence; may be empty.
        nearest: the sentences of the evidence that are nearest to the claim, in their order.
    """
    return "Claim: " + claim.strip() + "\n\n" + evidence_text(title, nearest) + claim_text(claim)
