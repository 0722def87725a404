"""What the chapters lean on: configuration, machine, files, processes, pictures."""

from importlib import import_module
from importlib.util import find_spec


def __getattr__(name: str):
    """Import a module of this folder only when it is used (PEP 562)."""
    if name.startswith("_") or find_spec(f"{__name__}.{name}") is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
