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


def evidence_text(title: str, evidence: str) -> str:
    """Return what is read before all claims, behind OPENING."""
    title = title.strip()
    return (title + "\n" if title else "") + evidence.strip() + "\n"


def claim_text(claim: str) -> str:
    """Return a claim as it is asked about."""
    return CLAIM.format(claim=claim.strip())
