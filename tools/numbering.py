"""Numbers for figures and displayed formulas, and in the text that refers to them: one step for both builders.

A figure of the prose is named behind it, `![caption](images/block.svg){#fig-block}`; one of a code cell in the cell,
`#| label: fig-block`; a displayed formula inside its dollars, `\\label{eq-attention}`. Prose refers to them as
`the [figure](#fig-block)`, `[formula](04_attention.ipynb#eq-attention)` or `@fig-block`; on the site that is "figure 4.2".
"""

import json
import posixpath
import re

IMAGE = re.compile(
    r"^!\[(?P<caption>[^\]]+)\]\((?P<target>[^)\s]+)(?: \"[^\"]*\")?\)"
    r"(?:\{(?P<attributes>[^}]*)\})?[ ]*$",
    flags=re.M,
)
FORMULA = re.compile(r"^\$\$(?P<tex>.+?)\$\$[ ]*$", flags=re.M | re.S)
MATH = re.compile(r"\$\$.+?\$\$|(?<![\\$\w])\$(?=\S)[^$\n]+?(?<=\S)\$(?![\d$])", re.S)
FUNCTION = re.compile(
    r"\\(ln|log|exp|sin|cos|tanh)(?![a-zA-Z])\s*(?=[a-zA-Z0-9]|\\[a-zA-Z])(?!\\(?:left|big|Big))"
)
CAPTION = re.compile(r"^#\| *fig-cap: *([\"']?)(.*?)\1 *\n", flags=re.M)
OWN_NUMBER = re.compile(r"^(?:Figure|图) \d+[.。] ?")  # for Jupyter, where nobody counts
LABEL = re.compile(r"^#\| *label: *(\S+) *\n", flags=re.M)
NAMED = re.compile(r"#((?:fig|eq)-[\w-]+)")
LINK = re.compile(
    r"(?:\b(?P<article>[Tt]he) )?\[(?P<words>[^\]]+)\]\((?P<page>[^)#\s]*)#(?P<label>(?:fig|eq)-[\w-]+)\)"
)
MENTION = re.compile(r"(?<!\w)@(?P<label>(?:[Ff]ig|[Ee]q)-[a-zA-Z0-9]+(?:-[a-zA-Z0-9]+)*)")
NUMBERS = "numbers.json"  # in the folder of the processed notebooks: page#label: number


def shows_picture(cell: dict) -> bool:
    """Whether a code cell's stored output is a figure."""
    return any("image/png" in output.get("data", {}) for output in cell["outputs"])


class Numbering:
    """Gives numbers page by page, and keeps them for the text that refers to them."""

    def __init__(self):
        self.counts: dict[tuple[str, str], int] = {}
        self.numbers: dict[str, str] = {}  # page#label: number
        self.problems: list[str] = []

    def next_number(self, kind: str, chapter: str, page: str, label: str) -> str:
        """The number of the next figure or formula; pages of one chapter count on."""
        series = (kind, chapter or page)
        self.counts[series] = self.counts.get(series, 0) + 1
        number = f"{chapter}.{self.counts[series]}" if chapter else str(self.counts[series])
        if label:
            self.numbers[f"{page}#{label}"] = number
        return number

    def place(self, kind: str, number: str) -> str:
        """The identifier of a figure or a formula on its page."""
        return f"{kind}-{number.replace('.', '-')}"

    def caption(self, text: str, chapter: str, page: str, label: str) -> str:
        """A caption with its number, and with the place that links lead to."""
        number = self.next_number("figure", chapter, page, label)
        text = OWN_NUMBER.sub("", text)
        place = f"[]{{#{self.place('figure', number)} .figure-place}}"
        return f"{place}Figure {number}: {text}"

    def number_prose(self, source: str, chapter: str, page: str) -> str:
        """Prose with its figures and displayed formulas numbered."""

        def figure(found: re.Match) -> str:
            attributes = found["attributes"] or ""
            label = NAMED.search(attributes)
            caption = self.caption(
                found["caption"], chapter, page, label[1] if label else ""
            )
            rest = NAMED.sub("", attributes).strip()
            return f"![{caption}]({found['target']})" + (f"{{{rest}}}" if rest else "")

        def formula(found: re.Match) -> str:
            label = re.search(r"\\label\{([\w-]+)\}", found["tex"])
            tex = re.sub(r"\\label\{[\w-]+\}", "", found["tex"]).strip()
            number = self.next_number("formula", chapter, page, label[1] if label else "")
            head = f"::: {{.equation #{self.place('formula', number)}}}"
            shown = f"({number})"
            return f"{head}\n$$ {tex} $$\n\n[{shown}]{{.equation-number}}\n:::"

        source = IMAGE.sub(figure, source)
        source = FORMULA.sub(formula, source)
        return MATH.sub(lambda found: FUNCTION.sub(r"\\\1\\,", found[0]), source)

    def number_cell(self, source: str, chapter: str, page: str) -> str:
        """A cell's source with its caption numbered and its label gone."""
        label, caption = LABEL.search(source), CAPTION.search(source)
        if not caption:
            first = re.sub(r"^#\|.*\n", "", source, flags=re.M).split("\n")[0]
            self.problems.append(f"nbs/{page}: a figure without `#| fig-cap`: {first}")
            return source
        words = json.loads(f'"{caption[2]}"') if caption[1] == '"' else caption[2]
        text = self.caption(words, chapter, page, label[1] if label else "")
        directive = f"#| fig-cap: {json.dumps(text, ensure_ascii=False)}\n"
        return LABEL.sub("", source.replace(caption[0], directive))

    def number_page(self, cells: list[dict], chapter: str, page: str) -> None:
        """Number everything on one page, in place."""
        for cell in cells:
            source = "".join(cell["source"])
            if cell["cell_type"] == "markdown":
                cell["source"] = self.number_prose(source, chapter, page)
            elif cell["cell_type"] == "code" and shows_picture(cell):
                cell["source"] = self.number_cell(source, chapter, page)

    def link(self, words: str, target: str, label: str, page: str) -> str:
        """A link to a figure or a formula, with its number behind the words."""
        folder = posixpath.dirname(page)
        where = posixpath.normpath(posixpath.join(folder, target)) if target else page
        number = self.numbers.get(f"{where}#{label}")
        if number is None:
            self.problems.append(
                f"nbs/{page}: refers to {target}#{label}, which is not there"
            )
            return words
        kind = "figure" if label.startswith("fig-") else "formula"
        shown = number if kind == "figure" else f"({number})"
        return f"[{words} {shown}]({target}#{self.place(kind, number)})"

    def refer(self, cells: list[dict], page: str) -> None:
        """Write the numbers where the prose of a page refers to them, in place."""

        def linked(found: re.Match) -> str:
            words = found["words"]  # "The figure" of a notebook is "Figure 4.2" on the site
            words = words.capitalize() if found["article"] == "The" else words
            return self.link(words, found["page"], found["label"], page)

        def mentioned(found: re.Match) -> str:
            label = found["label"]
            words = "figure" if label[0] in "fF" else "formula"
            words = words.capitalize() if label[0].isupper() else words
            return self.link(words, "", label[0].lower() + label[1:], page)

        for cell in cells:
            if cell["cell_type"] == "markdown":
                cell["source"] = MENTION.sub(mentioned, LINK.sub(linked, cell["source"]))


def number_all(notebooks: dict[str, dict], chapters: dict[str, str]) -> dict[str, str]:
    """Number all pages in their order, in place; ends the build where something is missing."""
    numbering = Numbering()
    for page, notebook in notebooks.items():
        numbering.number_page(notebook["cells"][1:], chapters[page], page)
    for page, notebook in notebooks.items():
        numbering.refer(notebook["cells"][1:], page)
    if numbering.problems:
        raise SystemExit("\n".join(numbering.problems))
    return numbering.numbers


class SameNumbers(Numbering):
    """Gives a translated cell the numbers that the cell has in the language of the notebooks."""

    def __init__(self, original: str, numbers: dict[str, str]):
        super().__init__()
        self.numbers = numbers
        self.left = {
            kind: iter(re.findall(rf"#{kind}-([\d-]+)[ }}]", original))
            for kind in ("figure", "formula")
        }

    def next_number(self, kind: str, chapter: str, page: str, label: str) -> str:
        """The number of the next figure or formula of the cell."""
        return next(self.left[kind], "").replace("-", ".")


def renumbered(text: str, original: str, numbers: dict[str, str], page: str) -> str:
    """A translated cell of prose, numbered as the original one is."""
    numbering = SameNumbers(original, numbers)
    cells = [{"cell_type": "markdown", "source": numbering.number_prose(text, "", page)}]
    numbering.refer(cells, page)
    if numbering.problems:
        raise SystemExit("\n".join(numbering.problems))
    return cells[0]["source"]
