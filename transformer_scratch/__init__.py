"""A GPT from raw text to fine-tuned GPT-2: notebooks that are the library, the tests and the site."""

from importlib import import_module
from importlib.util import find_spec

__version__ = "0.1.0"

_HOME = {
    "GPTConfig": "config",
    "TrainingConfig": "config",
    "SamplingConfig": "config",
    "PRESETS": "config",
    "load_text": "data",
    "TokenDataset": "data",
    "train_bpe": "tokenizer",
    "load_tiktoken": "tokenizer",
    "load_tokenizer": "tokenizer",
    "MultiHeadAttention": "attention",
    "KVCache": "attention",
    "GPT": "model",
    "Trainer": "training",
    "evaluate_loss": "training",
    "load_model": "checkpoint",
    "generate_text": "generation",
}
__all__ = [*_HOME, "__version__"]


def __getattr__(name: str):
    """Import a module, or the module behind a re-exported name, only when it is used (PEP 562)."""
    home = _HOME.get(name, name)
    if name.startswith("_") or find_spec(f"{__name__}.{home}") is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{home}")
    return getattr(module, name) if name in _HOME else module


def __dir__() -> list[str]:
    return sorted(__all__)
