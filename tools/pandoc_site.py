"""The stand-in where there is no Quarto: the same pages from the same notebooks and the same `_quarto.yml`, by pandoc.

Sidebar, search, mathematics and both themes, to look at before committing, and for CI to check. `build` writes `_docs/`.
"""

import base64
import html
import json
import os
import posixpath
import re
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from site_checks import NBS, PROCESSED, SITE, listed

PARTS = Path(__file__).parent / "site"
DPI = 128  # of the figures in the notebooks; a CSS inch has 96 pixels
CALLOUTS = ("note", "tip", "important", "warning", "caution")
DOWNLOAD = ("download the notebook", "下载本页的 notebook")
OPTION = re.compile(r"^#\| *([\w-]+) *(?:: *(.*))?\n?", flags=re.M)
PLACE = re.compile(r"(?:\[\]\{#([\w-]+) \.figure-place\})?(.*)", flags=re.S)  # of a caption
FENCE = "~" * 9


@dataclass
class Page:
    """A page on its way from a processed notebook to HTML."""

    source: Path  # below nbs/
    url: str  # below the site
    meta: dict  # title, description
    markdown: str = ""
    pictures: dict[str, bytes] = field(default_factory=dict)  # url: content
    sections: list[dict] = field(default_factory=list)  # for the search

    @property
    def root(self) -> str:
        """The way back to the site's first page."""
        return "../" * self.url.count("/")


@dataclass(frozen=True)
class Edition:
    """A language of the site: what its pages are made from, and where they go."""

    language: str = "en"
    processed: Path = PROCESSED
    site: Path = SITE
    template: Path = PARTS / "page.html"
    notebook: Callable[[Path], bytes] = lambda source: (NBS / source).read_bytes()


ENGLISH = Edition()


def read_page(source: Path, edition: Edition = ENGLISH) -> Page:
    """A processed notebook or a Markdown file as Markdown, the way Quarto sees it."""
    text = (edition.processed / source).read_text(encoding="utf-8")
    if source.suffix == ".md":
        title, description, text = re.match(
            r"# (.+)\n+(?:> (.+)\n)?((?s:.*))", text
        ).groups()
        meta = {"title": title, "description": description or ""}
        return Page(source, source.with_suffix(".html").as_posix(), meta, text)
    front, *cells = json.loads(text)["cells"]
    meta = yaml.safe_load("".join(front["source"]).strip().strip("-"))
    name = meta.get("output-file", f"{source.stem}.html")
    page = Page(source, source.with_name(name).as_posix(), meta)
    parts = []
    for number, cell in enumerate(cells):
        is_code = cell["cell_type"] == "code"
        parts.append(code_cell(cell, page, number) if is_code else "".join(cell["source"]))
    page.markdown = "\n\n".join(parts)
    return page


def unquoted(text: str) -> str:
    """The value of a directive without its quotation marks."""
    text = text.strip()
    if text.startswith('"') and text.endswith('"'):
        return json.loads(text)
    return text.strip("'")


def code_block(code: str, options: dict[str, str]) -> str:
    """The source of a cell, folded where it asks for that."""
    block = f"{FENCE}{{.python .cell-code}}\n{code}\n{FENCE}"
    if "code-fold" not in options:
        return block
    opened = " open" if options["code-fold"] == "show" else ""
    summary = html.escape(unquoted(options.get("code-summary", "Code")))
    return f"<details{opened} class='code-fold'><summary>{summary}</summary>\n\n{block}\n\n</details>"


def picture(content: bytes, name: str, options: dict[str, str]) -> str:
    """A figure with its description, and its caption if it has one."""
    pixels = struct.unpack(">II", content[16:24])
    width, height = (round(n * 96 / DPI) for n in pixels)
    alt = html.escape(unquoted(options.get("fig-alt", "")))
    size = f'width="{width}" height="{height}"'
    image = f'<img src="{name}" alt="{alt}" {size} loading="lazy">'
    place, caption = PLACE.fullmatch(unquoted(options.get("fig-cap", ""))).groups()
    start = f'<span id="{place}" class="figure-place"></span>' if place else ""
    below = f"<figcaption>{start}{html.escape(caption)}</figcaption>" if caption else ""
    return f"```{{=html}}\n<figure>{image}{below}</figure>\n```"


def code_cell(cell: dict, page: Page, number: int) -> str:
    """A cell's code and its stored outputs as Markdown."""
    source = "".join(cell["source"])
    options, code = dict(OPTION.findall(source)), OPTION.sub("", source).strip("\n")
    parts = []
    if options.get("echo") != "false" and code:
        parts.append(code_block(code, options))
    for order, output in enumerate(cell["outputs"]):
        data = {kind: "".join(content) for kind, content in output.get("data", {}).items()}
        text = "".join(output.get("text", data.get("text/plain", ""))).rstrip("\n")
        if options.get("output") == "asis":
            return data["text/markdown"]
        if "text/markdown" in data:
            table = data["text/markdown"]
            parts.append(f"::: {{.cell-output .cell-output-display}}\n\n{table}\n\n:::")
        elif "image/png" in data:
            content = base64.b64decode(data["image/png"])
            name = f"{page.source.stem}_files/{number}-{order}.png"
            page.pictures[(page.source.parent / name).as_posix()] = content
            parts.append(picture(content, name, options))
        elif text:
            block = f"{FENCE}\n{text}\n{FENCE}"
            parts.append(f"::: {{.cell-output .cell-output-stdout}}\n{block}\n:::")
    return "\n\n".join(parts)


def pandoc(text: str, page: Page, *options: str) -> str:
    import pypandoc

    done = subprocess.run(
        [pypandoc.get_pandoc_path(), *options],
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    return (
        done.stdout
        if done.returncode == 0
        else sys.exit(f"nbs/{page.source}: {done.stderr.strip()}")
    )


def words(node) -> str:
    """The words of a piece of pandoc's tree."""
    if not isinstance(node, dict):
        return "".join(map(words, node)) if isinstance(node, list) else ""
    kind, content = node.get("t"), node.get("c")
    if kind in ("Str", "Code", "CodeBlock", "Math"):
        return content if kind == "Str" else content[1]
    return words(content) + " " * (
        kind in ("Space", "SoftBreak", "LineBreak", "Para", "Plain")
    )


def title_of(callout: list, name: str) -> list:
    """The title of a callout as inline parts: its heading, its attribute, or its kind."""
    attributes = dict(callout[0][2])
    if callout[1][0]["t"] == "Header":
        return callout[1].pop(0)["c"][2]
    return [{"t": "Str", "c": attributes.get("title", name.capitalize())}]


def rewrite(node, page: Page, pages: dict[str, Page]) -> None:
    """In pandoc's tree: links to notebooks lead to their pages, callouts get a title.

    The sections are noted for the search.
    """
    if isinstance(node, dict):
        kind, content = node.get("t"), node.get("c")
        if kind == "Header":
            url = f"{page.url}#{content[1][0]}"
            page.sections.append({"url": url, "title": words(content[2]), "text": ""})
        elif kind in ("Para", "Plain") or (kind == "CodeBlock" and content[0][1]):
            page.sections[-1]["text"] += words(node) + " "  # code, not what it printed
        elif kind == "Image":
            attributes = content[0][2]
            content[0][2] = [
                [name.removeprefix("fig-"), value] for name, value in attributes
            ]
        elif kind == "Figure":  # its caption is no copy of the alternative text: read both
            page.sections[-1]["text"] += words(content[1]) + " "
        elif kind == "Link":
            target, anchor = re.match(r"([^#]*)(.*)", content[2][0]).groups()
            if target:
                target = posixpath.normpath((page.source.parent / target).as_posix())
            is_notebook_itself = words(content[1]) in DOWNLOAD
            if target in pages and not is_notebook_itself:
                content[2][0] = page.root + pages[target].url + anchor
        elif kind == "Div":
            found = [name for name in CALLOUTS if f"callout-{name}" in content[0][1]]
            if found:
                title = {"t": "Plain", "c": title_of(content, found[0])}
                box = {"t": "Div", "c": [["", ["callout-title"], []], [title]]}
                content[1].insert(0, box)
                content[0] = ["", ["callout", f"callout-{found[0]}"], [["role", "note"]]]
        node = content
    for child in node if isinstance(node, list) else ():
        rewrite(child, page, pages)


def links(entries: list, page: Page, pages: dict[str, Page]) -> str:
    """Entries of the sidebar, the navbar or the repository's links as a list, with lists inside for sections."""
    items = []
    for entry in entries:
        entry = entry if isinstance(entry, dict) else {"href": entry}
        target = pages.get(entry.get("href"))
        text = html.escape(
            entry.get("text") or entry.get("section") or target.meta["title"]
        )
        if "contents" in entry:
            text = f'<span class="section">{text}</span>{links(entry["contents"], page, pages)}'
        else:
            here = ' aria-current="page"' if target is page else ""
            text = f'<a href="{page.root + target.url if target else entry["href"]}"{here}>{text}</a>'
        items.append(f"<li>{text}</li>")
    return f"<ul>{''.join(items)}</ul>"


def frame(page: Page, pages: dict[str, Page], website: dict) -> dict[str, str]:
    """The HTML around a page's content, by its name in page.html."""
    order, place = list(pages), list(pages).index(page.source.as_posix())
    where = f"{website['repo-branch']}/{website['repo-subdir']}/{page.source.as_posix()}"
    actions = {
        "edit": ("Edit this page", f"{website['repo-url']}/edit/{where}"),
        "source": ("View source", f"{website['repo-url']}/blob/{where}"),
        "issue": ("Report an issue", f"{website['repo-url']}/issues/new"),
    }
    own = [("Open the notebook", page.source.name)] * (page.source.suffix == ".ipynb") + [
        actions[name] for name in website["repo-actions"]
    ]
    words = website.get("words", {})
    own = [(words.get(text, text), href) for text, href in own]
    return {
        "navbar": links(website["navbar"]["left"], page, pages),
        "tools": links(website["navbar"]["tools"], page, pages),
        "sidebar": links(website["sidebar"]["contents"], page, pages),
        "previous": links(order[place - 1 : place], page, pages) if place else "",
        "next": links(order[place + 1 : place + 2], page, pages),
        "actions": links([{"text": text, "href": href} for text, href in own], page, {}),
    }


def lighter(page: str) -> str:
    """HTML without what pandoc adds and nobody sees: links of lines of code, names in the
    contents, the source of formulas, spans without a colour of their own."""
    line = r'<span id="cb\d+-\d+"><a [^>]*></a>(.*)</span>(?=$|</code>)'
    page = re.sub(line, r"\1", page, flags=re.M)
    page = re.sub(r'<span class="(?:op|ex|va|bu)">([^<]*)</span>', r"\1", page)
    page = re.sub(r"<annotation\b.*?</annotation>", "", page, flags=re.S)
    return re.sub(r' id="(?:cb\d+|toc-[^"]*)"', "", page)


def write_page(
    page: Page, pages: dict[str, Page], settings: dict, edition: Edition = ENGLISH
) -> None:
    """From Markdown to the files in `_docs/`."""
    website = settings["website"]
    page.sections = [
        {"url": page.url, "title": "", "text": page.meta.get("description", "") + " "}
    ]
    meta = {
        **page.meta,
        **{f"footer-{side}": website["page-footer"][side] for side in ("left", "right")},
    }
    tree = json.loads(
        pandoc(
            f"---\n{json.dumps(meta)}\n---\n\n{page.markdown}",
            page,
            "--from=markdown",
            "--to=json",
        )
    )
    rewrite(tree["blocks"], page, pages)
    texts = {
        "site": website["title"],
        "site-url": website["site-url"],
        "root": page.root,
        "favicon": website["favicon"],
        "place": page.url,
    }
    texts |= {
        "card": website["open-graph"]["image"],
        "summary": page.meta.get("description") or website["description"],
    }
    tree["meta"] |= {name: {"t": "MetaString", "c": text} for name, text in texts.items()}
    for name, content in frame(page, pages, website).items():
        tree["meta"][name] = {
            "t": "MetaBlocks",
            "c": [{"t": "RawBlock", "c": ["html", content]}],
        }
    depth = settings["format"]["html"]["toc-depth"]
    options = [
        f"--template={edition.template}",
        "--mathml",
        "--toc",
        f"--toc-depth={depth}",
        "--wrap=none",
    ]
    text = pandoc(json.dumps(tree), page, "--from=json", "--to=html5", *options)
    files = page.pictures | {page.url: lighter(text).encode()}
    if page.source.suffix == ".ipynb":
        files[page.source.as_posix()] = edition.notebook(page.source)
    for name, content in files.items():
        (edition.site / name).parent.mkdir(parents=True, exist_ok=True)
        (edition.site / name).write_bytes(content)


def style_sheet(themes: dict[str, list[str]]) -> str:
    """One style sheet for both themes: Quarto's Sass variables become CSS variables, under the names that Bootstrap gives them."""
    values = {}
    for name, files in themes.items():
        sass = "".join(
            (NBS / file).read_text(encoding="utf-8")
            for file in files
            if file.endswith(".scss")
        )
        values[name] = re.sub(
            r"^\$",
            "--bs-",
            "\n".join(re.findall(r"^(?:\$|  )[\w-]+:.*;$", sass, flags=re.M)),
            flags=re.M,
        )
    dark = f"{{\n{values['dark']}\n}}\n"
    system = f"@media (prefers-color-scheme: dark) {{ :root:not([data-theme='light']) {dark} }}\n"
    rest = [
        (folder / name).read_text(encoding="utf-8")
        for folder, name in ((PARTS, "preview.css"), (NBS, "styles.css"))
    ]
    sheet = f":root {{\n{values['light']}\n}}\n:root[data-theme='dark'] {dark}{system}{''.join(rest)}"
    return re.sub(r"/\*.*?\*/\n?|^\s+", "", sheet, flags=re.M | re.S)


def build(settings: dict, edition: Edition = ENGLISH) -> None:
    """All pages of an edition with pandoc, from scratch."""
    site = edition.site
    pages = {
        name: read_page(Path(name), edition)
        for name in listed(settings["website"]["sidebar"]["contents"])
    }
    shutil.rmtree(site, ignore_errors=True)
    shutil.copytree(NBS / "images", site / "images")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(
            pool.map(
                lambda page: write_page(page, pages, settings, edition), pages.values()
            )
        )
    not_served = shutil.ignore_patterns("page.html", "preview.css", "quarto.js")
    shutil.copytree(PARTS, site / "site", ignore=not_served)
    (site / "site/style.css").write_text(
        style_sheet(settings["format"]["html"]["theme"]), encoding="utf-8"
    )
    sections = [
        {"page": page.meta["title"], **section}
        for page in pages.values()
        for section in page.sections
    ]
    (site / "site/search.js").write_text(
        f"searchSections = {json.dumps(sections, ensure_ascii=False)};\n", encoding="utf-8"
    )
