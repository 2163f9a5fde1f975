"""How the support judge is asked: the texts around evidence and claim, and the limits, the same in training and use."""

OPENING = "<|im_start|>user\n"
CLAIM = "\nClaim: {claim}\nSupported:"
YES, NO = " yes", " no"
MAX_EVIDENCE = 400  # tokens of title and abstract that are read
MAX_CLAIM = 160  # tokens of a claim, with the words around it


def evidence_text(title: str, evidence: str) -> str:
    """Return what is read before all claims, behind OPENING."""
    title = title.strip()
    return (title + "\n" if title else "") + evidence.strip() + "\n"


def claim_text(claim: str) -> str:
    """Return a claim as it is asked about."""
    return CLAIM.format(claim=claim.strip())
