"""The site as Quarto makes it, and what its pages still lack: small files, pictures with words, a search for sentences.

`build` renders the processed notebooks and writes `_docs/`.
"""

import html
import json
import logging
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from site_checks import NBS, PROCESSED, SITE

PARTS = Path(__file__).parent / "site"
ICON = re.compile(r"\bbi-([a-z0-9-]+)")
ICON_RULE = re.compile(r'^\.bi-([a-z0-9-]+)::before \{ content: "\\(\w+)"; \}', re.M)
LATER_ICONS = {"file-richtext"}  # a script puts the name together
HEAD = re.compile(r"# (.+)\n+(?:> (.+)\n)?")
IMAGE = re.compile(r"<img\b[^>]*>")
CAPTIONED = re.compile(r"(<figure\b(?:(?!</figure>).)*?</figure>)", re.S)
CAPTION = re.compile(r"<figcaption[^>]*>(.*?)</figcaption>", re.S)
CONTENTS = re.compile(r'<nav id="TOC"[^>]*>\s*<h2[^>]*>(.*?)</h2>\s*(<ul>.*?)</nav>', re.S)
DOWNLOAD = re.compile(r'(<div class="page-facts">\s*<p>[^<]*)<a href="[^"]*"')
COLLAPSED = 'collapsed" data-bs-toggle="collapse"'  # the title of a callout
OWN_RANKING = re.compile(r'<script src="[^"]*/fuse\.min\.js"></script>\n')
SCRIPTS = ("reading", "quarto")
TROUBLE = re.compile(r"\b(WARNING|ERROR)\b")


def with_front_matter(text: str) -> str:
    """A Markdown page whose title and summary stand where Quarto looks for them."""
    found = HEAD.match(text)
    if not found:
        return text
    facts = {"title": found[1], "description": found[2] or ""}
    return f"---\n{json.dumps(facts, ensure_ascii=False)}\n---\n{text[found.end() :]}"


def render(processed: Path, site: Path) -> None:
    """All pages of a folder of notebooks, into a folder. What Quarto warns of ends the build."""
    command = ["quarto", "render", "--no-cache"]
    pipes = {"stderr": subprocess.PIPE, "text": True, "encoding": "utf-8"}
    page = ""
    troubles = []
    with subprocess.Popen(command, cwd=processed, **pipes) as process:
        for line in process.stderr:
            print(line, end="", file=sys.stderr, flush=True)
            if line.startswith("["):
                page = line.strip()
            if TROUBLE.search(line):
                more = next(process.stderr, "").strip()
                troubles.append(f"{page}: {line.strip()} {more}")
    if process.returncode or troubles:
        sys.exit("\n".join([*troubles, "Quarto did not make the site"]))
    shutil.rmtree(site, ignore_errors=True)
    shutil.move(processed / SITE.name, site)


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


def finished(page: str, root: str, notebook: str | None) -> str:
    """A page's HTML with everything that Quarto left out."""
    page = with_contents(page)
    page = CAPTIONED.sub(lambda found: described(found[1]), page)
    page = page.replace("<img ", '<img loading="lazy" ')
    page = page.replace(COLLAPSED, f'{COLLAPSED} role="button" tabindex="0"')
    page = DOWNLOAD.sub(rf'\1<a href="{notebook}" download', page, count=1)
    page = OWN_RANKING.sub("", page)
    scripts = [f'<script src="{root}site/{name}.js" defer></script>' for name in SCRIPTS]
    return page.replace("</head>", "\n".join([*scripts, "</head>"]), 1)


def subset_icons(site: Path) -> None:
    """Keep of the icon font only what the pages show.

    All 2,000 icons would weigh as much as everything else on a page together.
    """
    from fontTools import subset

    folder = site / "site_libs/bootstrap"
    sheet = folder / "bootstrap-icons.css"
    shown = set(LATER_ICONS)
    for path in site.rglob("*"):
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


def finish(site: Path, notebook: Callable[[Path], bytes], names: list[str]) -> None:
    """Everything that Quarto's pages still lack, and the notebooks to be downloaded."""
    sources = {}
    for name in map(Path, names):
        page = name.with_name(re.sub(r"^\d+[a-z]?_", "", name.stem) + ".html")
        if name.suffix == ".ipynb":
            sources[page] = name.name
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).write_bytes(notebook(name))
    shutil.copytree(PARTS, site / "site", ignore=shutil.ignore_patterns("p*"))
    for path in site.rglob("*.html"):
        name = path.relative_to(site)
        root = "../" * (len(name.parts) - 1)
        page = finished(path.read_text(encoding="utf-8"), root, sources.get(name))
        path.write_text(page, encoding="utf-8", newline="\n")
    subset_icons(site)


def original(name: Path) -> bytes:
    """A notebook as it stands in nbs/."""
    return (NBS / name).read_bytes()


def build(
    names: list[str],  # of the sidebar
    processed: Path = PROCESSED,
    site: Path = SITE,
    notebook: Callable[[Path], bytes] = original,  # what is offered for download
) -> None:
    """All pages with Quarto, from scratch."""
    paths = [processed / name for name in names if name.endswith(".md")]
    texts = {path: path.read_text(encoding="utf-8") for path in paths}
    for path, text in texts.items():
        path.write_text(with_front_matter(text), encoding="utf-8")
    render(processed, site)
    for path, text in texts.items():  # the Chinese edition begins with them
        path.write_text(text, encoding="utf-8")
    finish(site, notebook, names)
