"""A GPT from raw text to fine-tuned GPT-2: notebooks that are the library, the tests and the site."""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:  # for editors and type checkers; Python itself imports these when they are used
    from transformer_scratch.attention import KVCache, MultiHeadAttention
    from transformer_scratch.checkpoint import load_model
    from transformer_scratch.data import TokenDataset, load_text, split_text
    from transformer_scratch.generation import generate, generate_text
    from transformer_scratch.model import GPT
    from transformer_scratch.support.config import (
        PRESETS,
        GPTConfig,
        SamplingConfig,
        TrainingConfig,
    )
    from transformer_scratch.tokenizer import (
        CharTokenizer,
        load_tiktoken,
        load_tokenizer,
        train_bpe,
    )
    from transformer_scratch.long_runs import Trainer
    from transformer_scratch.training import evaluate_loss, train

MODULE_OF = {  # public name: the module that defines it
    "GPTConfig": "support.config",
    "TrainingConfig": "support.config",
    "SamplingConfig": "support.config",
    "PRESETS": "support.config",
    "load_text": "data",
    "split_text": "data",
    "TokenDataset": "data",
    "CharTokenizer": "tokenizer",
    "train_bpe": "tokenizer",
    "load_tiktoken": "tokenizer",
    "load_tokenizer": "tokenizer",
    "MultiHeadAttention": "attention",
    "KVCache": "attention",
    "GPT": "model",
    "Trainer": "long_runs",
    "train": "training",
    "evaluate_loss": "training",
    "load_model": "checkpoint",
    "generate": "generation",
    "generate_text": "generation",
}
__all__ = [*MODULE_OF, "__version__"]


def __getattr__(name: str):
    """Import a module, or the module behind a public name, only when it is used (PEP 562)."""
    if name in MODULE_OF:
        return getattr(import_module(f"{__name__}.{MODULE_OF[name]}"), name)
    if name.startswith("_") or find_spec(f"{__name__}.{name}") is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")


def __dir__() -> list[str]:
    return sorted(__all__)
