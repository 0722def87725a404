"""What must be right about the site, whoever builds it: `build_site.py` stops at what is found here, `check_site.py` repeats it."""

import ast
import functools
import json
import posixpath
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
NBS, PROCESSED, SITE = ROOT / "nbs", ROOT / "_proc", ROOT / "_docs"
GENERATED = ["names.md"]  # pages that the build itself writes


LEAK = re.compile(r"(?:</code>|\w)\]\(https?://[^)\s]+\)|^<p>:::.*", re.M)
REPR = re.compile(r"<matplotlib\.|<[\w.]+ (?:object )?at 0x")


def listed(entries: list) -> list[str]:
    """The pages of a sidebar or a navbar, in order, as paths below nbs/."""
    pages = []
    for entry in entries:
        entry = entry if isinstance(entry, dict) else {"href": entry}
        pages += ([entry["href"]] if "href" in entry else []) + listed(
            entry.get("contents", [])
        )
    return pages


def sources() -> list[Path]:
    """The notebooks and Markdown files that become pages, below nbs/."""
    found = [
        path.relative_to(NBS)
        for kind in ("ipynb", "md")
        for path in sorted(NBS.rglob(f"*.{kind}"))
    ]
    return [
        path
        for path in found
        if not any(part.startswith((".", "_")) for part in path.parts)
    ]


def outputs(cells: list[dict]) -> list[dict]:
    """All stored outputs of a notebook."""
    return [output for cell in cells for output in cell.get("outputs", ())]


def plain_text(output: dict) -> str:
    """What a reader sees of an output that is text."""
    data = output.get("data", {})
    if "image/png" in data or "text/markdown" in data:
        return ""
    return "".join(output.get("text", data.get("text/plain", "")))


def source_problems(website: dict) -> list[str]:
    """What is wrong before anything is built, a line each."""
    there, sidebar = (
        [path.as_posix() for path in sources()],
        listed(website["sidebar"]["contents"]),
    )
    found = [
        f"_quarto.yml: {name} is missing in the sidebar"
        for name in there
        if name not in sidebar
    ]
    named = dict.fromkeys(
        sidebar + [name for name in listed(website["navbar"]["left"]) if ":" not in name]
    )
    found += [
        f"_quarto.yml: a link to {name}, which is not there"
        for name in named
        if name not in there + GENERATED
    ]
    for name in (name for name in there if name.endswith(".ipynb")):
        cells = json.loads((NBS / name).read_text(encoding="utf-8"))["cells"]
        if not cells or not re.match(r"# \S", "".join(cells[0]["source"])):
            found.append(
                f"nbs/{name}: the first cell must be Markdown with a title: `# Title`"
            )
        for text in filter(REPR.search, map(plain_text, outputs(cells))):
            found.append(
                f"nbs/{name}: an output shows {text.strip()[:60]}: end the line with `;`"
            )
        for source in (
            "".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"
        ):
            if (
                re.search(r"^#\| *(slow|gpu|network|exercise)", source, flags=re.M)
                and "import " in source
            ):
                if any(
                    isinstance(node, (ast.Import, ast.ImportFrom))
                    for node in ast.walk(ast.parse(source))
                ):
                    found.append(
                        f"nbs/{name}: to build the site nbdev runs cells with an import: give those of this cell one of their own:\n{source}"
                    )
    return found


class Parsed(HTMLParser):
    """The identifiers, links and loaded files of a page, and what is wrong with it by itself."""

    def __init__(self, page: str):
        super().__init__()
        self.ids, self.links, self.loads, self.problems = set(), [], [], []
        self.feed(page)
        self.problems += [f"Markdown shows as text: {mark}" for mark in LEAK.findall(page)]

    def handle_starttag(self, tag, attributes):
        values = {name: value or "" for name, value in attributes}
        self.ids.add(values.get("id"))
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif target := values.get("src") or (
            tag == "link"
            and not {"canonical", "alternate"} & set(values.get("rel", "").split())
            and values.get("href")
        ):
            self.loads.append(target)
            self.problems += [f"loads {target[:80]} from elsewhere"] * bool(
                re.match(r"(https?:)?//", target)
            )
        if tag == "img" and not values.get("alt"):
            self.problems.append(f"an image without alt text: {values['src'][:80]}")
        if (
            tag == "span" and "math" in values.get("class", "").split()
        ):  # pandoc leaves TeX there that it cannot convert
            self.problems.append(
                f"a formula that cannot be read, in line {self.getpos()[0]}"
            )


def make_local(base_url: str) -> dict[str, Parsed]:
    """nbdev links names by the site's full address: make these links relative, or no links where a name has no entry. Parses all pages."""
    texts = {
        path.relative_to(SITE).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(SITE.rglob("*.html"))
    }
    parsed = {name: Parsed(text) for name, text in texts.items()}
    address = re.escape(base_url)
    link = re.compile(
        rf'<a([^>]*?)href="{address}/([^"#]+)#([^"]*)"([^>]*)>(.*?)</a>', re.S
    )

    def relative(found: re.Match, root: str) -> str:
        before, target, anchor, after, content = found.groups()
        ids = parsed[target].ids if target in parsed else ()
        if anchor not in ids:
            anchor = anchor.split(".")[0]  # a method is explained with its class
        if anchor not in ids:
            return content
        return f'<a{before}href="{root}{target}#{anchor}"{after}>{content}</a>'

    for name, text in texts.items():
        root = "../" * name.count("/")
        changed = link.sub(functools.partial(relative, root=root), text)
        if changed != text:
            (SITE / name).write_text(changed, encoding="utf-8", newline="\n")
            parsed[name] = Parsed(changed)
    return parsed


def site_problems(parsed: dict[str, Parsed]) -> list[str]:
    """What is wrong with the built site, a line each."""
    found = []
    for name, page in parsed.items():
        found += [f"{name}: {problem}" for problem in page.problems]
        for target in page.links + page.loads:
            if re.match(r"[a-z]+:|//", target):
                continue
            path, _, anchor = unquote(target).partition("#")
            path = (
                posixpath.normpath(
                    posixpath.join(posixpath.dirname(name), path.split("?")[0])
                )
                if path
                else name
            )
            if not (SITE / path).exists():
                found.append(f"{name}: a link to {target}, which is not there")
            elif anchor and path in parsed and anchor not in parsed[path].ids:
                found.append(f"{name}: a link to {target}, but {path} has no such place")
    for sheet in SITE.rglob("*.css"):
        for address in re.findall(
            r"(?:@import|url\()\s*[\"']?((?:https?:)?//[^\"')]+)",
            sheet.read_text(encoding="utf-8"),
        ):
            found.append(f"{sheet.relative_to(SITE)}: loads {address} from elsewhere")
    return found
