"""README.md from nbs/index.ipynb: `python tools/readme.py`.

The Chinese README is written by hand, but its code blocks and outputs are taken from README.md, all but the file tree.
`--check` writes nothing; it exits 1 when README.md differs from its notebook, when README.zh-CN.md has other blocks, links or
headings, or when a notebook is missing in the index or in the site's sidebar. `--command NAME` prints the shell command that stands
below `<!-- command: NAME -->` in README.md, which is how CI runs it as written (this needs nothing but Python).
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
NOTE = "<!-- Made from nbs/index.ipynb by tools/readme.py: edit the notebook, then run `make readme`. -->\n\n"
LANGUAGES = "English | [中文](README.zh-CN.md)\n\n"


def index_markdown() -> str:
    """The index as Markdown: prose, visible code, and outputs that are text."""
    parts = []
    for cell in json.loads(INDEX.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
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
        parts += [output_markdown(output) for output in cell["outputs"]]
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


def readme() -> str:
    """What README.md should hold."""
    import pypandoc

    tree = json.loads(
        pypandoc.convert_text(
            index_markdown(), "json", format="markdown-smart-implicit_figures"
        )
    )
    tree["blocks"] = with_captions(tree["blocks"])
    move_targets(tree["blocks"])
    markdown = pypandoc.convert_text(
        json.dumps(tree), "gfm", format="json", extra_args=["--wrap=none"]
    )
    return NOTE + LANGUAGES + compact(markdown.replace("\r\n", "\n"))


def with_blocks_of(english: str, chinese: str) -> str:
    """The Chinese README with the code blocks of the English one, in their order; the file tree stays as it is."""
    blocks = BLOCK.findall(english)
    if len(BLOCK.findall(chinese)) != len(blocks):
        sys.exit(f"README.zh-CN.md must have {len(blocks)} code blocks, as README.md has")
    new = iter(blocks)
    return BLOCK.sub(
        lambda old: old[0] if (block := next(new)).startswith("```text\nnbs/") else block,
        chinese,
    )


def skeleton(markdown: str) -> dict[str, list[str]]:
    """What both languages of the README must share beside their code: levels of headings, targets of links and pictures."""
    prose = BLOCK.sub("", markdown)
    targets = set(re.findall(r"\]\(([^)#]+)\)", prose))
    return {
        "headings": re.findall(r"^#+(?= )", prose, flags=re.M),
        "links": sorted(targets - {"README.md", "README.zh-CN.md"}),
    }


def differences() -> list[str]:
    """Everything that `--check` finds wrong, a line each."""
    english, chinese = (
        ENGLISH.read_text(encoding="utf-8"),
        CHINESE.read_text(encoding="utf-8"),
    )
    found = (
        []
        if english == readme()
        else ["README.md differs from nbs/index.ipynb: run `make readme`"]
    )
    if chinese != with_blocks_of(english, chinese):
        found.append(
            "README.zh-CN.md has other code or outputs than README.md: run `make readme`"
        )
    for what, ours in skeleton(english).items():
        theirs = skeleton(chinese)[what]
        if ours != theirs:
            found.append(
                f"README.zh-CN.md has other {what} than README.md: {sorted(set(ours) ^ set(theirs)) or 'another order or count'}"
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
            *skeleton(english)["links"],
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
        english = readme()
        chinese = with_blocks_of(english, CHINESE.read_text(encoding="utf-8"))
        ENGLISH.write_text(english, encoding="utf-8", newline="\n")
        CHINESE.write_text(chinese, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
