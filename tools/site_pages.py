"""What both builders do to the notebooks that nbdev has processed, in `_proc/`, before they are rendered.

Chapters get their numbers, figures theirs, cells that only import or only check fold under one line, and a line below
the title offers the notebook itself.
"""

import ast
import json
import re
from pathlib import Path

NUMBERED = re.compile(r"(\d\d)_")
DIRECTIVE = re.compile(r"^#\|.*\n?", flags=re.M)
OWN_NUMBER = r"(?!Figure \d+\.)"  # a caption that counts for itself is left alone
PICTURE = re.compile(
    rf"^!\[(?P<caption>{OWN_NUMBER}[^\]]+)\]\((?P<rest>[^)]+)\)", flags=re.M
)
CAPTION = r"^#\| *fig-cap:(?! *[\"']?Figure \d+\.) *([\"']?)(.*?)\1 *$"
MINUTES_A_WORD = 1 / 220  # of careful reading


def chapter_number(path: Path) -> str:
    """The number in a chapter's file name, without zeros; nothing for other pages."""
    found = NUMBERED.match(path.name)
    return found[1].lstrip("0") if found else ""


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


def number_figures(cells: list[dict], chapter: str) -> None:
    """Write "Figure 4.2: " before every caption, of cells and of pictures in the prose."""
    count = 0

    def label() -> str:
        nonlocal count
        count += 1
        return f"Figure {chapter}.{count}: " if chapter else f"Figure {count}: "

    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "code":
            caption = re.search(CAPTION, source, flags=re.M)
            if caption:
                text = json.dumps(label() + caption[2], ensure_ascii=False)
                source = source.replace(caption[0], f"#| fig-cap: {text}")
        elif cell["cell_type"] == "markdown":
            source = PICTURE.sub(
                lambda found: f"![{label()}{found['caption']}]({found['rest']})", source
            )
        cell["source"] = source


def header_line(path: Path, website: dict, n_words: int) -> str:
    """Reading time, and where the notebook can be had."""
    repository = website["repo-url"].removeprefix("https://github.com/")
    place = f"{website['repo-branch']}/nbs/{path.as_posix()}"
    links = [
        f"about {max(1, round(n_words * MINUTES_A_WORD))} minutes to read",
        f"[download the notebook]({path.name})",
        f"[open in Colab](https://colab.research.google.com/github/{repository}/blob/{place})",
        f"[source]({website['repo-url']}/blob/{place})",
    ]
    return "::: {.page-facts}\n" + " · ".join(links) + "\n:::"


def decorate(path: Path, processed: Path, website: dict) -> None:
    """Change one processed notebook in place."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    front, *cells = notebook["cells"]
    if "site-decorated" in "".join(front["source"]):
        return
    number = chapter_number(path)
    source = "".join(front["source"])
    if number:
        source = re.sub(
            r"^title: (['\"]?)(.*?)\1$", rf'title: "{number} · \2"', source, flags=re.M
        )
    front["source"] = source.replace("---\n", "---\nsite-decorated: true\n", 1)
    number_figures(cells, number)
    for cell in cells:
        if cell["cell_type"] == "code":
            fold(cell)
    prose = " ".join(
        "".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"
    )
    name = path.relative_to(processed)
    line = header_line(name, website, len(prose.split()))
    cells.insert(0, {"cell_type": "markdown", "metadata": {}, "source": line})
    notebook["cells"] = [front, *cells]
    for cell in notebook["cells"]:  # as lists: Quarto runs the lines of a string together
        cell["source"] = "".join(cell["source"]).splitlines(keepends=True)
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1), encoding="utf-8")


def decorate_all(processed: Path, names: list[str], website: dict) -> None:
    """Change all processed notebooks of the site in place."""
    for name in names:
        if name.endswith(".ipynb"):
            decorate(processed / name, processed, website)
