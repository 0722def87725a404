"""The site in `_docs/`: `python tools/build_site.py [--pandoc] [--serve [PORT]]`.

With Quarto on the PATH `nbdev_docs` makes it. Without, pandoc makes the same pages from the same notebooks, as nbdev processes them for
Quarto, and from the same `_quarto.yml`: a preview with sidebar, search, mathematics and both themes, not a second Quarto. Either way the
result is checked: a page without a title or outside the sidebar, a broken link or anchor, a formula that cannot be read, an image without
alt text, and a script, style, font or picture from elsewhere end the build with their names.
"""

import argparse
import base64
import functools
import html
import inspect
import json
import os
import posixpath
import re
import shutil
import struct
import subprocess
import sys
import warnings
import webbrowser
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import yaml
from site_checks import NBS, ROOT, SITE, listed, make_local, site_problems, source_problems

PROCESSED, PARTS = ROOT / "_proc", Path(__file__).parent / "site"
DPI = 128  # of the figures in the notebooks; a CSS inch has 96 pixels
CALLOUTS = ("note", "tip", "important", "warning", "caution")
OPTION = re.compile(r"^#\| *([\w-]+) *(?:: *(.*))?\n?", flags=re.M)
FENCE = "~" * 9


def config() -> dict:
    """`_quarto.yml`, with what nbdev adds to it from settings.ini."""
    settings = yaml.safe_load((ROOT / "_quarto.yml").read_text(encoding="utf-8"))
    for more in settings["metadata-files"]:
        for key, value in yaml.safe_load((NBS / more).read_text(encoding="utf-8")).items():
            settings[key] = value | settings.get(key, {})
    return settings


# What both builders need: notebooks processed by nbdev, with a table of parameters for every exported name


def parameter_table(shown) -> str:
    """What `show_doc` puts on a page: heading, link to the source, docstring, and a table of parameters with their docments."""
    from nbdev.showdoc import NbdevLookup

    def row(code: str, comment: str | None) -> str:
        code = html.escape(code).replace("|", "&#124;")
        comment = re.sub(
            r"(`[^`]*`)|([|*_$<~^\\\[\]])",
            lambda found: found[1] or "\\" + found[2],
            comment or "",
        ).replace("\n", " ")
        return f"| <code>{code}</code> | {comment} |"

    def plain(annotation, before: str) -> str:
        if annotation in (inspect.Parameter.empty, None):
            return ""
        return before + re.sub(
            r"\b(?:\w+\.)+(?=\w)", "", inspect.formatannotation(annotation)
        )

    source, fields = NbdevLookup().code(shown.fn), dict(shown.dm.dm)
    result = fields.pop("return", None)
    rows = []
    for name, value in fields.items():
        if name in ("args", "kwargs") and not value["docment"]:
            continue
        default = value["default"]
        default = (
            ""
            if default is inspect.Parameter.empty
            else f" = {getattr(default, '__name__', None) or repr(default)}"
        )
        rows.append(row(name + plain(value["anno"], ": ") + default, value["docment"]))
    if result and (kind := plain(result["anno"], "→ ")):
        rows.append(row(kind, result["docment"]))
    table = (
        "\n".join(["| Parameter | Meaning |", "|:-----|:------|", *rows]) if rows else ""
    )
    link = f"[source]({source}){{.api-source}}" if source else ""
    return "\n\n".join(
        [
            f"{'#' * shown.title_level} {shown.nm} {{.api}}",
            link,
            inspect.getdoc(shown.sym) or "",
            table,
            "",
        ]
    )


def process_notebooks() -> None:
    """nbdev's processing: front matter, entries for exported names, links between names and their pages. It runs only imports and exports."""
    from nbdev import doclinks, serve, showdoc

    doclinks._build_modidx()
    showdoc.BasicMarkdownRenderer._repr_markdown_ = parameter_table
    changed = (
        PROCESSED.exists() and PROCESSED.stat().st_mtime < Path(__file__).stat().st_mtime
    )
    warnings.filterwarnings(
        "ignore", message="Found cells containing imports and other code"
    )
    try:
        serve.proc_nbs(n_workers=0, force=changed)
    except Exception as error:
        sys.exit(
            f"{error}\n{error.__cause__!r}\nTo build the site nbdev runs imports and exported cells alone: give imports a cell of their own."
        )


# The preview: a processed notebook becomes Markdown, pandoc's tree, and HTML


@dataclass
class Page:
    source: Path  # below nbs/
    url: str  # below the site
    meta: dict  # title, description
    markdown: str = ""
    pictures: dict[str, bytes] = field(default_factory=dict)  # url: content
    sections: list[dict] = field(default_factory=list)  # for the search

    @property
    def root(self) -> str:
        return "../" * self.url.count("/")


def read_page(source: Path) -> Page:
    """A processed notebook or a Markdown file as Markdown, the way Quarto sees it."""
    text = (PROCESSED / source).read_text(encoding="utf-8")
    if source.suffix == ".md":
        title, description, text = re.match(
            r"# (.+)\n+(?:> (.+)\n)?((?s:.*))", text
        ).groups()
        return Page(
            source,
            source.with_suffix(".html").as_posix(),
            {"title": title, "description": description or ""},
            text,
        )
    front, *cells = json.loads(text)["cells"]
    meta = yaml.safe_load("".join(front["source"]).strip().strip("-"))
    page = Page(
        source,
        source.with_name(meta.get("output-file", f"{source.stem}.html")).as_posix(),
        meta,
    )
    parts = [
        code_cell(cell, page, n) if cell["cell_type"] == "code" else "".join(cell["source"])
        for n, cell in enumerate(cells)
    ]
    page.markdown = "\n\n".join(parts)
    return page


def code_cell(cell: dict, page: Page, number: int) -> str:
    """A cell's code and its stored outputs as Markdown."""
    source = "".join(cell["source"])
    options, code = dict(OPTION.findall(source)), OPTION.sub("", source).strip("\n")
    parts = []
    if options.get("echo") != "false" and code:
        parts = [f"{FENCE}{{.python .cell-code}}\n{code}\n{FENCE}"]
        if "code-fold" in options:
            parts = [
                "<details open class='code-fold'><summary>"
                + options["code-summary"].strip('"')
                + "</summary>",
                *parts,
                "</details>",
            ]
    for order, output in enumerate(cell["outputs"]):
        data = {kind: "".join(content) for kind, content in output.get("data", {}).items()}
        if options.get("output") == "asis":
            return data["text/markdown"]
        if "text/markdown" in data:
            parts.append(
                f"::: {{.cell-output .cell-output-display}}\n\n{data['text/markdown']}\n\n:::"
            )
        elif "image/png" in data:
            content = base64.b64decode(data["image/png"])
            name = f"{page.source.stem}_files/{number}-{order}.png"
            page.pictures[(page.source.parent / name).as_posix()] = content
            width, height = (
                round(pixels * 96 / DPI) for pixels in struct.unpack(">II", content[16:24])
            )
            alt = html.escape(options.get("fig-alt", "").strip("\"'"))
            image = f'<img src="{name}" alt="{alt}" width="{width}" height="{height}" loading="lazy">'
            parts.append(f"```{{=html}}\n<figure>{image}</figure>\n```")
        elif text := "".join(output.get("text", data.get("text/plain", ""))).rstrip("\n"):
            parts.append(
                f"::: {{.cell-output .cell-output-stdout}}\n{FENCE}\n{text}\n{FENCE}\n:::"
            )
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
    kind, content = node["t"], node.get("c")
    if kind in ("Str", "Code", "CodeBlock", "Math"):
        return content if kind == "Str" else content[1]
    return words(content) + " " * (
        kind in ("Space", "SoftBreak", "LineBreak", "Para", "Plain")
    )


def rewrite(node, page: Page, pages: dict[str, Page]) -> None:
    """In pandoc's tree: links to notebooks lead to their pages, callouts get a title. The sections are noted for the search."""
    if isinstance(node, dict):
        kind, content = node["t"], node.get("c")
        if kind == "Header":
            page.sections.append(
                {
                    "url": f"{page.url}#{content[1][0]}",
                    "title": words(content[2]),
                    "text": "",
                }
            )
        elif kind in ("Para", "Plain") or (
            kind == "CodeBlock" and content[0][1]
        ):  # code, not what it printed
            page.sections[-1]["text"] += words(node) + " "
        elif kind == "Link":
            target, anchor = re.match(r"([^#]*)(.*)", content[2][0]).groups()
            target = (
                posixpath.normpath((page.source.parent / target).as_posix())
                if target
                else ""
            )
            content[2][0] = (
                page.root + pages[target].url + anchor if target in pages else content[2][0]
            )
        elif kind == "Div" and (
            name := next(
                (name for name in CALLOUTS if f"callout-{name}" in content[0][1]), ""
            )
        ):
            title = [{"t": "Str", "c": dict(content[0][2]).get("title", name.capitalize())}]
            title = content[1].pop(0)["c"][2] if content[1][0]["t"] == "Header" else title
            content[1].insert(
                0,
                {
                    "t": "Div",
                    "c": [["", ["callout-title"], []], [{"t": "Plain", "c": title}]],
                },
            )
            content[0] = ["", ["callout", f"callout-{name}"], [["role", "note"]]]
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
    return {
        "navbar": links(website["navbar"]["left"], page, pages),
        "tools": links(website["navbar"]["tools"], page, pages),
        "sidebar": links(website["sidebar"]["contents"], page, pages),
        "previous": links(order[place - 1 : place], page, pages) if place else "",
        "next": links(order[place + 1 : place + 2], page, pages),
        "actions": links([{"text": text, "href": href} for text, href in own], page, {}),
    }


def write_page(page: Page, pages: dict[str, Page], settings: dict) -> None:
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
        f"--template={PARTS / 'page.html'}",
        "--mathml",
        "--toc",
        f"--toc-depth={depth}",
        "--wrap=none",
    ]
    files = page.pictures | {
        page.url: pandoc(
            json.dumps(tree), page, "--from=json", "--to=html5", *options
        ).encode()
    }
    files[page.source.as_posix()] = (NBS / page.source).read_bytes()
    for name, content in files.items():
        (SITE / name).parent.mkdir(parents=True, exist_ok=True)
        (SITE / name).write_bytes(content)


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
    return f":root {{\n{values['light']}\n}}\n:root[data-theme='dark'] {dark}{system}{''.join(rest)}"


def build_preview(settings: dict) -> None:
    """All pages with pandoc."""
    pages = {
        name: read_page(Path(name))
        for name in listed(settings["website"]["sidebar"]["contents"])
    }
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.copytree(NBS / "images", SITE / "images")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda page: write_page(page, pages, settings), pages.values()))
    shutil.copytree(
        PARTS, SITE / "site", ignore=shutil.ignore_patterns("page.html", "preview.css")
    )
    (SITE / "site/style.css").write_text(
        style_sheet(settings["format"]["html"]["theme"]), encoding="utf-8"
    )
    sections = [
        {"page": page.meta["title"], **section}
        for page in pages.values()
        for section in page.sections
    ]
    (SITE / "site/search.js").write_text(
        f"searchSections = {json.dumps(sections, ensure_ascii=False)};\n", encoding="utf-8"
    )


def serve(port: int) -> None:
    """The built site at http://localhost:PORT/, in the browser, until Ctrl-C."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=SITE)
    with ThreadingHTTPServer(("localhost", port), handler) as server:
        print(
            f"The site is at http://localhost:{server.server_port}/ until you press Ctrl-C.",
            flush=True,
        )
        webbrowser.open(f"http://localhost:{server.server_port}/")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--pandoc", action="store_true", help="the preview, even where Quarto is installed"
    )
    parser.add_argument(
        "--serve",
        metavar="PORT",
        nargs="?",
        type=int,
        const=8000,
        help="then show it in the browser",
    )
    arguments = parser.parse_args()
    os.chdir(ROOT)
    from nbdev.quarto import nbdev_docs, refresh_quarto_yml

    if not os.path.samefile(
        "_quarto.yml", "nbs/_quarto.yml"
    ):  # where symbolic links are files
        shutil.copy("_quarto.yml", "nbs/_quarto.yml")
    refresh_quarto_yml()
    settings = config()
    if problems := source_problems(settings["website"]):
        sys.exit("\n".join(problems))
    process_notebooks()
    quarto = bool(shutil.which("quarto")) and not arguments.pandoc
    nbdev_docs.__wrapped__(n_workers=0) if quarto else build_preview(settings)
    parsed = make_local(settings["website"]["site-url"])
    problems = site_problems(parsed)
    print(
        *problems,
        f"_docs/: {len(parsed)} pages, made with {'Quarto' if quarto else 'pandoc'}; {len(problems)} problems",
        sep="\n",
        flush=True,
    )
    if arguments.serve is not None:
        serve(arguments.serve)
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
