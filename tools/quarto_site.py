"""The site as Quarto makes it, and what its pages still lack: small files, pictures with words, a search for sentences.

`build` renders the processed notebooks and writes `_docs/`.
"""

import html
import logging
import re
import shutil
import subprocess
import sys
from pathlib import Path

from site_checks import NBS, PROCESSED, SITE

PARTS = Path(__file__).parent / "site"
ICON = re.compile(r"\bbi-([a-z0-9-]+)")
ICON_RULE = re.compile(r'^\.bi-([a-z0-9-]+)::before \{ content: "\\(\w+)"; \}', re.M)
LATER_ICONS = {"file-richtext"}  # a script puts the name together
IMAGE = re.compile(r"<img\b[^>]*>")
CAPTIONED = re.compile(r"(<figure\b(?:(?!</figure>).)*?</figure>)", re.S)
CAPTION = re.compile(r"<figcaption[^>]*>(.*?)</figcaption>", re.S)
CONTENTS = re.compile(r'<nav id="TOC"[^>]*>\s*<h2[^>]*>(.*?)</h2>\s*(<ul>.*?)</nav>', re.S)
NOTEBOOK = re.compile(r'<a [^>]*href="[^"]*"([^>]*)>download the notebook</a>')
OWN_RANKING = re.compile(r'<script src="[^"]*/fuse\.min\.js"></script>\n')
SCRIPTS = ("reading", "quarto")
TROUBLE = re.compile(r"\b(WARNING|ERROR)\b")


def render() -> None:
    """All pages, into `_docs/`. What Quarto warns of ends the build."""
    command = ["quarto", "render", "--no-cache"]
    pipes = {"stderr": subprocess.PIPE, "text": True, "encoding": "utf-8"}
    page = ""
    troubles = []
    with subprocess.Popen(command, cwd=PROCESSED, **pipes) as process:
        for line in process.stderr:
            print(line, end="", file=sys.stderr, flush=True)
            if line.startswith("["):
                page = line.strip()
            if TROUBLE.search(line):
                troubles.append(
                    f"{page}: {line.strip()} {next(process.stderr, '').strip()}"
                )
    if process.returncode or troubles:
        sys.exit("\n".join([*troubles, "Quarto did not make the site"]))
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.move(PROCESSED / SITE.name, SITE)


def words_of(fragment: str) -> str:
    """The text of a piece of HTML, to stand in an attribute."""
    plain = html.unescape(re.sub(r"<[^>]+>", "", fragment))
    return html.escape(" ".join(plain.split()), quote=True)


def described(figure: str) -> str:
    """A figure whose picture has no alternative text gets its caption as one."""
    caption = CAPTION.search(figure)
    if not caption:
        return figure
    alt = f'<img alt="{words_of(caption[1])}"'
    return IMAGE.sub(
        lambda image: image[0] if "alt=" in image[0] else image[0].replace("<img", alt, 1),
        figure,
    )


def with_contents(page: str) -> str:
    """A page with its table of contents folded above the text, for narrow screens."""
    contents = CONTENTS.search(page)
    if not contents:
        return page
    links = re.sub(r' (?:id|class|data-[\w-]+)="[^"]*"', "", contents[2])
    links = links.split("<div", 1)[0]
    fold = f'<details class="contents"><summary>{contents[1]}</summary>{links}</details>'
    before, title, rest = page.partition('<header id="title-block-header"')
    return before + title + rest.replace("</header>", f"</header>\n{fold}", 1)


def finished(page: str, root: str, notebook: str) -> str:
    """A page's HTML with everything that Quarto left out."""
    page = with_contents(page)
    page = CAPTIONED.sub(lambda found: described(found[1]), page)
    page = page.replace("<img ", '<img loading="lazy" ')
    page = NOTEBOOK.sub(rf'<a href="{notebook}" download\1>download the notebook</a>', page)
    page = OWN_RANKING.sub("", page)
    scripts = [f'<script src="{root}site/{name}.js" defer></script>' for name in SCRIPTS]
    return page.replace("</head>", "\n".join([*scripts, "</head>"]), 1)


def notebook_name(page: Path) -> str:
    """The file name of the notebook behind a page."""
    names = [path.name for path in (PROCESSED / page.parent).glob("*.ipynb")]
    unnumbered = {re.sub(r"^\d+[a-z]?_", "", name): name for name in names}
    return unnumbered.get(f"{page.stem}.ipynb", "")


def subset_icons() -> None:
    """Keep of the icon font only what the pages show.

    All 2,000 icons would weigh as much as everything else on a page together.
    """
    from fontTools import subset

    folder = SITE / "site_libs/bootstrap"
    sheet = folder / "bootstrap-icons.css"
    shown = set(LATER_ICONS)
    for path in SITE.rglob("*"):
        if path.suffix in (".html", ".js", ".css") and path != sheet:
            shown |= set(ICON.findall(path.read_text(encoding="utf-8")))
    text = sheet.read_text(encoding="utf-8")
    rules = dict(ICON_RULE.findall(text))
    kept = {name: code for name, code in rules.items() if name in shown}
    head = text[: text.index(".bi-")]
    lines = [
        f'.bi-{name}::before {{ content: "\\{code}"; }}' for name, code in kept.items()
    ]
    sheet.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    font = subset.load_font(folder / "bootstrap-icons.woff", subset.Options())
    subsetter = subset.Subsetter()
    subsetter.populate(unicodes=[int(code, 16) for code in kept.values()])
    subsetter.subset(font)
    font.save(folder / "bootstrap-icons.woff")


def finish() -> None:
    """Everything that Quarto's pages in `_docs/` still lack."""
    shutil.copytree(PARTS, SITE / "site", ignore=shutil.ignore_patterns("p*"))
    for path in SITE.rglob("*.html"):
        name = path.relative_to(SITE)
        root = "../" * (len(name.parts) - 1)
        page = finished(path.read_text(encoding="utf-8"), root, notebook_name(name))
        path.write_text(page, encoding="utf-8", newline="\n")
    for path in NBS.rglob("*.ipynb"):  # to be downloaded
        name = path.relative_to(NBS)
        if (SITE / name.parent).is_dir() and not path.name.startswith("_"):
            shutil.copy(path, SITE / name)
    subset_icons()


def build() -> None:
    """All pages with Quarto, from scratch."""
    render()
    finish()
