"""What both builders do to the notebooks that nbdev has processed, in `_proc/`, before they are rendered.

Chapters get their numbers, figures and formulas theirs (`numbering.py`), cells that only import or only check fold
under one line, and a line below the title says how long a page is, what it builds on, and where its notebook can be had.
"""

import ast
import json
import re
from pathlib import Path

from numbering import NUMBERS, number_all
from site_checks import NBS

NUMBERED = re.compile(r"(\d\d)_")
DIRECTIVE = re.compile(r"^#\|.*\n?", flags=re.M)
EXPORTS_TO = re.compile(r"^#\| *default_exp +(\S+)", flags=re.M)
IMPORTED = re.compile(r"^from transformer_scratch\.(\w+) import", flags=re.M)
BUTTONS = re.compile(r"^\*\*\[[^\n]+\)\*\*$", flags=re.M)
HAN = re.compile(r"[\u4e00-\u9fff]")
WORDS_A_MINUTE, CHARACTERS_A_MINUTE = 220, 350  # of careful reading
OTHER_LANGUAGE = {  # a link to the other README leads, on the site, to the other edition
    "](../README.zh-CN.md)": "](zh/index.html)",
    "](../README.md)": "](../index.html)",
}
NESTED_LINK = re.compile(r"\[\[(`[^`\n]+`)\]\(https?://[^)\s]+\)\]\(")


def chapter_number(path: Path) -> str:
    """The number in a chapter's file name, as people write it; nothing for other pages."""
    found = NUMBERED.match(path.name)
    return str(int(found[1])) if found else ""


def statements(cell: dict) -> list[ast.stmt]:
    """What a code cell says; nothing if it is no plain Python."""
    try:
        return ast.parse(DIRECTIVE.sub("", "".join(cell["source"]))).body
    except SyntaxError:
        return []


def only_imports(body: list[ast.stmt]) -> bool:
    """Whether a cell does nothing but import."""
    return bool(body) and all(
        isinstance(node, (ast.Import, ast.ImportFrom)) for node in body
    )


def n_checks(body: list[ast.stmt]) -> int:
    """How many assertions a cell holds that does nothing else a reader would look at; or 0."""
    quiet = (ast.Assert, ast.Assign, ast.AnnAssign, ast.For, ast.With, ast.Try)
    if not body or not all(isinstance(node, quiet) for node in body):
        return 0
    if not any(isinstance(node, ast.Assert) for node in body):
        return 0
    return sum(isinstance(node, ast.Assert) for node in ast.walk(ast.Module(body, [])))


def fold(cell: dict) -> None:
    """Fold a cell that only imports or only checks under a line that says so."""
    source = "".join(cell["source"])
    if "code-fold" in source or "echo: false" in source or "#| hide" in source:
        return
    body = statements(cell)
    checks = n_checks(body)
    shows = any("image/png" in output.get("data", {}) for output in cell["outputs"])
    if only_imports(body):
        summary = "Imports"
    elif checks and not shows:
        summary = "1 check, passes" if checks == 1 else f"{checks} checks, all pass"
    else:
        return
    cell["source"] = f'#| code-fold: true\n#| code-summary: "{summary}"\n{source}'


def source_of(notebook: dict, kind: str = "code") -> str:
    """All cells of one kind as one text."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == kind]
    return "\n\n".join("".join(cell["source"]) for cell in cells)


def prerequisites() -> dict[str, list[str]]:
    """For each chapter those that it builds on, as paths below nbs/, without what these build on."""
    texts = {
        path.name: source_of(json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(NBS.glob("[0-9][0-9]_*.ipynb"))
    }
    modules = {}
    for name, text in texts.items():
        exports = EXPORTS_TO.search(text)
        if exports:
            modules[exports[1]] = name
    direct, everything = {}, {}
    for name, text in texts.items():
        imported = {
            modules[module] for module in IMPORTED.findall(text) if module in modules
        }
        direct[name] = {other for other in imported if other < name}
        below = [everything[other] for other in direct[name]]
        everything[name] = direct[name].union(*below)
    return {
        name: sorted(others - set().union(*(everything[other] for other in others)))
        for name, others in direct.items()
    }


def reading_minutes(prose: str) -> int:
    """How long the prose of a page takes, code left out."""
    characters = len(HAN.findall(prose))
    words = len(HAN.sub(" ", prose).split())
    return max(1, round(words / WORDS_A_MINUTE + characters / CHARACTERS_A_MINUTE))


def header_line(name: Path, website: dict, minutes: int, before: list[str]) -> str:
    """Reading time, what to know first, and where the notebook can be had."""
    repository = website["repo-url"].removeprefix("https://github.com/")
    place = f"{website['repo-branch']}/nbs/{name.as_posix()}"
    parts = [f"about {minutes} minutes to read"]
    links = []
    for path in before:
        words = "and chapter" if links else "after chapter"
        links.append(f"[{words} {chapter_number(Path(path))}]({path})")
    parts += [" ".join(links)] if links else []
    parts += [
        f"[download the notebook]({name.name})",
        f"[open in Colab](https://colab.research.google.com/github/{repository}/blob/{place})",
        f"[source]({website['repo-url']}/blob/{place})",
    ]
    return "::: {.page-facts}\n" + " · ".join(parts) + "\n:::"


def with_buttons(prose: str) -> str:
    """A line of nothing but bold links becomes a row of buttons."""

    def row(found: re.Match) -> str:
        links = found[0].replace("**", "").replace(" · ", "\n")
        return f"::: {{.buttons}}\n{links}\n:::"

    prose = BUTTONS.sub(row, prose)
    for readme, page in OTHER_LANGUAGE.items():
        prose = prose.replace(readme, page)
    return prose


def without_nested_links(text: str) -> str:
    """Prose in which nbdev has put no link around a name that is a link already."""
    return NESTED_LINK.sub(r"[\1](", text)


def decorate(notebook: dict, name: Path, website: dict, before: list[str]) -> None:
    """Change one processed notebook in place."""
    front, *cells = notebook["cells"]
    number = chapter_number(name)
    source = "".join(front["source"])
    if number:
        title = re.compile(r"^title: (['\"]?)(.*?)\1$", flags=re.M)
        source = title.sub(rf'title: "{number} · \2"', source)
    front["source"] = source.replace("---\n", "---\nsite-decorated: true\n", 1)
    for cell in cells:
        if cell["cell_type"] == "code":
            fold(cell)
        elif name.stem == "index":
            cell["source"] = with_buttons("".join(cell["source"]))
    if name.stem != "index":
        minutes = reading_minutes(source_of(notebook, "markdown"))
        line = header_line(name, website, minutes, before)
        cells.insert(0, {"cell_type": "markdown", "metadata": {}, "source": line})
    notebook["cells"] = [front, *cells]


def decorate_all(processed: Path, names: list[str], website: dict) -> None:
    """Change all processed notebooks of the site in place."""
    notebooks = {}
    for name in names:
        if name.endswith(".ipynb"):
            notebook = json.loads((processed / name).read_text(encoding="utf-8"))
            if "site-decorated" not in "".join(notebook["cells"][0]["source"]):
                notebooks[name] = notebook
    chapters = {name: chapter_number(Path(name)) for name in notebooks}
    numbers = number_all(notebooks, chapters)
    (processed / NUMBERS).write_text(json.dumps(numbers, indent=1), encoding="utf-8")
    before = prerequisites()
    for name, notebook in notebooks.items():
        decorate(notebook, Path(name), website, before.get(name, []))
        for cell in notebook["cells"]:
            # as lists: Quarto runs the lines of a string together
            text = without_nested_links("".join(cell["source"]))
            cell["source"] = text.splitlines(keepends=True)
        text = json.dumps(notebook, ensure_ascii=False, indent=1)
        (processed / name).write_text(text, encoding="utf-8")
