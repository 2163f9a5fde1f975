"""Text out of papers made safe for a server that reads the marks of a chat template wherever they stand."""

import re

# Marks that open and close turns, roles and thoughts in the templates of Llama, Mistral, Qwen, Phi, Gemma, DeepSeek,
# SmolLM and those made after them.
_MARKS = re.compile(
    r"<(?=[|｜])|(?<=[|｜])>"
    r"|<(?=/?(?:s|bos|eos|pad|unk|mask|think|thinking|tool_call|tool_response|tools|start_of_turn|end_of_turn"
    r"|start_of_image|system|user|assistant|im_start|im_end|endoftext|begin_of_text|reserved_\w+|unused\d+)\s*/?>)"
    r"|<(?=</?SYS>>)|\[(?=/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\])",
    re.IGNORECASE,
)
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]")


def neutral(text: str) -> str:
    """Return a text in which no mark of a chat template stands whole, and nothing invisible stands at all.

    A space is put into each mark, which leaves it readable: `<|im_end|>` becomes `< |im_end| >`.
    """
    visible = _INVISIBLE.sub("", text)
    return _MARKS.sub(lambda found: " >" if found[0] == ">" else f"{found[0]} ", visible)
