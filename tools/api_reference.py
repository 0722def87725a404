"""What the site says about every exported name: signature, docstring, parameters with their docments, methods.

nbdev calls `entry` in place of its own tables. `names_page` is the index of all names.
"""

import html
import inspect
import re
from importlib import import_module
from typing import Annotated, get_args, get_origin

from fastcore.docments import docments

LONGEST_SIGNATURE = 88


def plain_type(annotation: object) -> str:
    """An annotation without the names of modules."""
    if annotation in (inspect.Parameter.empty, None):
        return ""
    if get_origin(annotation) is Annotated:  # what a command line needs to know besides
        annotation = get_args(annotation)[0]
    if isinstance(annotation, str):
        return annotation
    return re.sub(r"\b(?:\w+\.)+(?=\w)", "", inspect.formatannotation(annotation))


def default_text(value: object) -> str:
    """A default value as a reader would write it."""
    text = getattr(value, "__name__", None) or repr(value)
    return "…" if text == "<factory>" else text  # of a dataclass: made anew for each


def signature(symbol: object, name: str) -> str:
    """The call in one line, or one parameter a line where that is too long."""
    try:
        parameters = inspect.signature(symbol).parameters.values()
    except (TypeError, ValueError):
        return f"{name}()"
    parts = []
    keyword_only = False
    for parameter in parameters:
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
            parts.append("*")
            keyword_only = True
        stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}
        keyword_only = keyword_only or parameter.kind is parameter.VAR_POSITIONAL
        text = stars.get(parameter.kind, "") + parameter.name
        if parameter.default is not parameter.empty:
            text += f"={default_text(parameter.default)}"
        parts.append(text)
    line = f"{name}({', '.join(parts)})"
    if len(line) <= LONGEST_SIGNATURE:
        return line
    return "\n".join([f"{name}(", *(f"    {part}," for part in parts), ")"])


def table_row(code: str, meaning: str | None) -> str:
    """A parameter and its meaning, with everything that Markdown would read escaped."""
    code = html.escape(code).replace("|", "&#124;")
    special = r"(`[^`]*`)|([|*_$<~^\\\[\]])"
    meaning = re.sub(special, lambda found: found[1] or "\\" + found[2], meaning or "")
    return f"| <code>{code}</code> | {' '.join(meaning.split())} |"


def starred(symbol: object) -> dict[str, tuple[str, str]]:
    """The parameters with stars and what the source says of them: docments leaves that out."""
    try:
        source = inspect.getsource(symbol)
    except (OSError, TypeError):
        return {}
    line = re.compile(r"^(?: *# (.+)\n)? +(\*\*?)(\w+)\b[^#\n]*(?:# (.+))?$", flags=re.M)
    return {
        name: (stars, behind or above)
        for above, stars, name, behind in line.findall(source.split(") ->")[0])
    }


def parameter_table(symbol: object) -> str:
    """A row for each parameter or field, and one for the result."""
    fields = dict(docments(symbol, full=True))
    result = fields.pop("return", None)
    rows = []
    with_stars = starred(symbol)
    for name, facts in fields.items():
        stars, meaning = with_stars.get(name, ("", None))
        meaning = facts["docment"] or meaning
        unexplained = meaning is None
        if name in ("self", "cls") or (unexplained and name in ("args", "kwargs")):
            continue
        kind, default = plain_type(facts["anno"]), facts["default"]
        text = f"{name}: {kind}" if kind else name
        if default is not inspect.Parameter.empty:
            text += f" = {default_text(default)}"
        rows.append(table_row(stars + text, meaning))
    kind = plain_type(result["anno"]) if result else ""
    if kind:
        meaning = result["docment"]
        if meaning in [meaning for _, meaning in with_stars.values()]:
            meaning = None  # docments took it from the line before
        rows.append(table_row(f"→ {kind}", meaning))
    if not rows:
        return ""
    return "\n".join(["| Parameter | Meaning |", "|:-----|:------|", *rows])


def described(symbol: object, name: str) -> list[str]:
    """Signature, docstring and table of a function or a class."""
    call = f"```python\n{signature(symbol, name)}\n```"
    return [call, inspect.getdoc(symbol) or "", parameter_table(symbol)]


def public_methods(symbol: type) -> dict[str, object]:
    """The methods that a class defines itself and explains."""
    found = {}
    for name, value in vars(symbol).items():
        value = getattr(value, "__func__", value)  # of a class method
        if inspect.isfunction(value) and not name.startswith("_") and value.__doc__:
            found[name] = value
    return found


def in_its_module(symbol: object, name: str) -> object:
    """A class as its module has it: nbdev runs cells without a file, and fields lose their comments."""
    from transformer_scratch._modidx import d as index

    for module_name, entries in index["syms"].items():
        if inspect.isclass(symbol) and f"{module_name}.{name}" in entries:
            found = getattr(import_module(module_name), name, None)
            if inspect.isclass(found) and inspect.getdoc(found) == inspect.getdoc(symbol):
                return found
    return symbol


def entry(shown) -> str:
    """The Markdown that nbdev puts on a page for `show_doc`."""
    from nbdev.showdoc import NbdevLookup

    symbol, name = in_its_module(shown.sym, shown.nm), shown.nm
    if isinstance(symbol, (dict, tuple, list, str, int, float)):
        return ""
    source = NbdevLookup().code(shown.fn)
    parts = [f"{'#' * shown.title_level} {name} {{.api}}"]
    if source:
        parts.append(f"[source]({source}){{.api-source}}")
    parts += described(symbol, name)
    if inspect.isclass(symbol):
        for method_name, method in public_methods(symbol).items():
            parts.append(f"**`{name}.{method_name}`**")
            parts += described(method, f"{name}.{method_name}")
    return "\n\n".join([*(part for part in parts if part), ""])


def first_sentence(symbol: object) -> str:
    """The first sentence of a docstring."""
    paragraph = " ".join((inspect.getdoc(symbol) or "").split("\n\n")[0].split())
    return re.match(r".*?[.!?](?= [A-Z`]|$)|.*", paragraph)[0]


def names_page() -> str:
    """The index of all exported names, a Markdown page: name, module, what it is."""
    from transformer_scratch._modidx import d as index

    lines = [
        "# Index of names",
        "> Every public name of the package, with the page that explains it.",
        "| Name | Page | What it is |\n|:---------|:-------|:----------------|",
    ]
    rows = {}
    for module_name, entries in index["syms"].items():
        module = import_module(module_name)
        for full_name, (anchor, _) in entries.items():
            name = full_name.removeprefix(f"{module_name}.")
            symbol = getattr(module, name, None)
            if "." in name or name.startswith("_") or not callable(symbol):
                continue
            page = anchor.split("#")[0]
            link = f"[`{name}`]({page}#{name.lower()})"
            meaning = first_sentence(symbol).replace("|", "\\|")
            where = module_name.removeprefix("transformer_scratch.")
            rows[name.lower()] = f"| {link} | `{where}` | {meaning} |"
    lines[-1] += "\n" + "\n".join(rows[name] for name in sorted(rows))
    return "\n\n".join(lines) + "\n"
