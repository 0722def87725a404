"""README.md and README.zh-CN.md from nbs/index.ipynb: `python tools/readme.py`.

The Chinese README is the same notebook with the messages of nbs/locale/zh_CN/index.po in place of its prose.
`--check` writes nothing; it exits 1 when a README differs from the notebook and its messages, or when a notebook is missing in the
index or in the site's sidebar. `--command NAME` prints the shell command that stands below `<!-- command: NAME -->` in README.md,
which is how CI runs it as written (this needs nothing but Python).
"""

import argparse
import json
import posixpath
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
INDEX = ROOT / "nbs/index.ipynb"
ENGLISH, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"
BLOCK = re.compile(r"^```.*?^```$", flags=re.M | re.S)
SITE = "https://transformer-scratch.github.io/transformer-scratch/"
NOTE = "<!-- Made from nbs/index.ipynb by tools/readme.py: edit the notebook, then run `make readme`. -->\n\n"
LANGUAGES = (
    "English | [中文](README.zh-CN.md) · the site: "
    f"[in English]({SITE}), [in Chinese, 中文版]({SITE}zh/)\n\n"
)
LANGUAGES_ZH = (
    f"[English](README.md) | 中文 · 网站：[中文版]({SITE}zh/)、[英文版]({SITE})\n\n"
)


def index_markdown(chinese: dict[str, str]) -> str:
    """The index as Markdown: prose, visible code, and outputs that are text; in Chinese what the messages say."""
    parts = []
    for cell in json.loads(INDEX.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(chinese.get(cell["id"], source))
            continue
        directives = re.findall(r"^#\| *(.+)$", source, flags=re.M)
        if "hide" in directives:
            continue
        if "echo: false" not in directives:
            parts.append(
                "```python\n"
                + re.sub(r"^#\|.*\n", "", source, flags=re.M).strip()
                + "\n```"
            )
        printed = chinese.get(f"{cell['id']}/output")
        parts += [printed or output_markdown(output) for output in cell["outputs"]]
    return "\n\n".join(parts) + "\n"


def output_markdown(output: dict) -> str:
    """One stored output as Markdown; a picture is refused, because a README can only show files."""
    data = output.get("data", {})
    if "image/png" in data:
        sys.exit(
            "nbs/index.ipynb: an output is a picture: save it under nbs/images/ and show it with ![what it shows](images/NAME.png)"
        )
    if "text/markdown" in data:
        return "".join(data["text/markdown"])
    return (
        "```text\n" + "".join(output.get("text") or data["text/plain"]).rstrip() + "\n```"
    )


def markdown_tree(markdown: str) -> dict:
    """Markdown as pandoc's tree."""
    import pypandoc

    reader = "markdown-smart-implicit_figures"
    return json.loads(pypandoc.convert_text(markdown, "json", format=reader))


def anchors(tree: dict) -> list[str]:
    """The anchors of all headings, in order."""
    return [block["c"][1][0] for block in tree["blocks"] if block["t"] == "Header"]


def move_anchors(node, moved: dict[str, str]) -> None:
    """Rewrite, in pandoc's tree, links to headings of the page."""
    if isinstance(node, dict) and node.get("t") == "Link":
        target = node["c"][2]
        name = target[0].removeprefix("#")
        target[0] = f"#{moved[name]}" if name in moved else target[0]
    for child in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        move_anchors(child, moved)


def move_targets(node) -> None:
    """Rewrite, in pandoc's tree, what is relative to nbs/ to be relative to the root."""
    if isinstance(node, dict) and node.get("t") in ("Link", "Image"):
        target = node["c"][2]
        if not re.match(r"[a-z]+:|#", target[0]):
            target[0] = posixpath.normpath(posixpath.join("nbs", target[0]))
    for child in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        move_targets(child)


def with_captions(blocks: list) -> list:
    """The same blocks, with the caption of each picture below it: GitHub shows none."""
    found = []
    for block in blocks:
        found.append(block)
        content = block.get("c")
        if block["t"] == "Para" and len(content) == 1 and content[0]["t"] == "Image":
            found.append({"t": "Para", "c": [{"t": "Emph", "c": content[0]["c"][1]}]})
    return found


def compact(markdown: str) -> str:
    """Without the padding that pandoc adds to pipe tables and to the language of a code block."""
    lines, in_code = [], False
    for line in markdown.splitlines():
        in_code ^= line.startswith("```")
        line = re.sub(r"^``` (?=\w+$)", "```", line)
        if line.startswith("|") and not in_code:
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            line = "| " + " | ".join(re.sub(r"-{3,}", "---", cell) for cell in cells) + " |"
        lines.append(line)
    return "\n".join(lines) + "\n"


def readme(language: str = "en") -> str:
    """What README.md, or README.zh-CN.md, should hold."""
    import pypandoc
    import translate

    chinese = translate.translations("index") if language == "zh" else {}

    tree = markdown_tree(index_markdown(chinese))
    if chinese:  # GitHub makes anchors from headings, which are Chinese here
        english = markdown_tree(index_markdown({}))
        move_anchors(
            tree["blocks"], dict(zip(anchors(english), anchors(tree), strict=True))
        )
    tree["blocks"] = with_captions(tree["blocks"])
    move_targets(tree["blocks"])
    markdown = pypandoc.convert_text(
        json.dumps(tree), "gfm", format="json", extra_args=["--wrap=none"]
    )
    languages = LANGUAGES_ZH if language == "zh" else LANGUAGES
    return NOTE + languages + compact(markdown.replace("\r\n", "\n"))


def links(markdown: str) -> list[str]:
    """The targets of a README's links and pictures, without those in code."""
    return sorted(set(re.findall(r"\]\(([^)#]+)\)", BLOCK.sub("", markdown))))


def differences() -> list[str]:
    """Everything that `--check` finds wrong, a line each."""
    english = ENGLISH.read_text(encoding="utf-8")
    found = []
    for path, language in ((ENGLISH, "en"), (CHINESE, "zh")):
        if path.read_text(encoding="utf-8") != readme(language):
            found.append(
                f"{path.name} differs from nbs/index.ipynb or its messages: run `make readme`"
            )
    sidebar = (ROOT / "_quarto.yml").read_text(encoding="utf-8")
    for path in sorted((ROOT / "nbs").rglob("[!._]*.ipynb")):
        name = path.relative_to(ROOT / "nbs").as_posix()
        if ".ipynb_checkpoints" in name:
            continue
        if name not in sidebar:
            found.append(f"_quarto.yml: {name} is missing in the sidebar")
        if path != INDEX and f"nbs/{name})" not in english:
            found.append(f"nbs/index.ipynb: no link to {name}")
    for name in sorted(
        {
            *links(english),
            *(f"nbs/{page}" for page in re.findall(r"[\w/]+\.ipynb", sidebar)),
        }
    ):
        if not re.match(r"[a-z]+:|#", name) and not (ROOT / name).exists():
            found.append(
                f"{name} is linked in nbs/index.ipynb or _quarto.yml, but is not there"
            )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 where something differs"
    )
    parser.add_argument("--command", metavar="NAME", help="print the command of this name")
    arguments = parser.parse_args()
    if arguments.command:
        text = ENGLISH.read_text(encoding="utf-8")
        found = re.search(
            rf"<!-- command: {re.escape(arguments.command)} -->\s+```sh\n(.*?)^```",
            text,
            flags=re.M | re.S,
        )
        print(
            found[1]
            if found
            else sys.exit(f"README.md: no <!-- command: {arguments.command} -->"),
            end="",
        )
    elif arguments.check:
        found = differences()
        sys.exit("\n".join(found) if found else 0)
    else:
        ENGLISH.write_text(readme(), encoding="utf-8", newline="\n")
        CHINESE.write_text(readme("zh"), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
