r"""What the LaTeX in an abstract reads like: abstracts come with `$2.5\times$`, `90\%` and `{\name}` in them.

The words that a citation quotes stay as they are in the abstract; what the program says in its own words is typed out.
"""

import re

# Signs that LaTeX has in mathematics alone, by their names there.
SIGNS = {
    "×": "times", "≥": "geq", "≤": "leq", "≈": "approx", "±": "pm", "·": "cdot", "→": "rightarrow", "∼": "sim",
    "≠": "neq", "∞": "infty", "−": "-", "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon",
    "η": "eta", "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "µ": "mu", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Δ": "Delta", "Σ": "Sigma", "Ω": "Omega",
}  # fmt: skip
_MATH = re.compile(r"(?<!\\)\$(?! )([^$\n]{1,60}?)(?<![ \\])\$")
_COMMANDS = {"\\" + name: sign for sign, name in SIGNS.items() if name.isalpha()} | {
    r"\sim": "~", r"\ge": "≥", r"\le": "≤", r"\to": "→", r"\ne": "≠", r"\ell": "l", r"\%": "%", r"\,": " ",
}  # fmt: skip
# `{\name}` stands for a name that its authors never spell out; what it is called comes nearest.
_BRACED = re.compile(r"\{\\([a-zA-Z]+)\}")
_STYLED = re.compile(r"\\(?:emph|text(?:bf|it|tt|sc|rm|sf)?|url|underline|mathrm)\{([^{}\\]*)\}")
_ESCAPED = re.compile(r"\\([%&#_$])")


def typed_out(text: str) -> str:
    r"""Return a text as a reader would type it: `$2.5\times$` becomes `2.5×`, and `90\%` becomes `90%`.

    What stands in quotation marks is kept, and so is a formula that can't be said so.
    """
    pieces = re.split("(“[^”]*”)", text)
    return "".join(piece if piece.startswith("“") else _plain(piece) for piece in pieces)


def _plain(text: str) -> str:
    text = _MATH.sub(_typed, text)
    return _ESCAPED.sub(r"\1", _STYLED.sub(r"\1", _BRACED.sub(r"\1", text)))


def _typed(found: re.Match[str]) -> str:
    formula = re.sub(r"\\frac\{(\w+)\}\{(\w+)\}", r"\1/\2", found[1])
    formula = re.sub(r"\\(?:text|textbf|textit|mathrm|mathbf|mathcal|mathit)\{([\w .%-]*)\}", r"\1", formula)
    formula = re.sub(r"\\(?:[a-zA-Z]+|[%,])", lambda command: _COMMANDS.get(command[0], command[0]), formula)
    formula = re.sub(r"(?<=[\^_])\{(\w+)\}", r"\1", formula)
    words = re.findall(r"[a-zA-Z]{3,}", formula)
    return found[0] if re.search(r"[\\{}]", formula) or len(words) > 1 else re.sub(r"(?<=[~≥≤≈]) ", "", formula)
