"""The Chinese edition of the site, from the same notebooks: `_proc_zh/` beside `_proc/`, pages below `/zh/`.

Each processed notebook is copied with its Markdown cells, captions, descriptions and parameter tables in Chinese, as
far as the messages in nbs/locale/zh_CN/ go; code, outputs and the identifiers of cells stay, and every heading keeps
its English anchor. What is not translated shows English, and the page says so. The site's own words stand in
nbs/locale/zh_CN/site.po: those of _quarto.yml, of the page's frame and script, and those of the list below.
"""

import copy
import functools
import json
import re
import shutil
from pathlib import Path

import pandoc_site
import quarto_site
import translate
import yaml
from api_reference import table_row
from numbering import NUMBERS, OWN_NUMBER, renumbered
from site_checks import GENERATED, NBS, PROCESSED, ROOT, SITE, listed
from site_pages import with_buttons, without_nested_links
from translation_checks import FENCE, HAN

LANGUAGE, FOLDER = "zh-CN", "zh"
PROCESSED_ZH = ROOT / "_proc_zh"
SITE_ZH = SITE / FOLDER
PARTS = ROOT / "tools/site"
SENTENCES = translate.CATALOGS  # the tables of scripts, beside the messages
SWITCH = '<a class="language" lang="en" hreflang="en" href="$root$../$place$">English</a>'
SWITCH_ZH = (
    '<a class="language" lang="zh-CN" hreflang="zh-CN" href="$root$zh/$place$">中文</a>'
)
KEEP_PLACE = """<script>
document.querySelector(".language").onclick = (event) => { // leads to the section that is being read
  const headings = [...document.querySelectorAll("main section[id]")];
  const here = headings.findLast((one) => one.getBoundingClientRect().top < 120);
  event.currentTarget.hash = here?.id ?? "";
};
</script>
"""
BEHIND_NUMBER = re.compile(rf"\]\([^)\s]*#(?:figure|formula)-[\d-]+\)(?=[{HAN}])")
NOT_YET = "This page is in English only."
PARTLY = "Some paragraphs of this page are not translated yet and are shown in English."
PHRASES = (  # what Python writes into pages; {n} stands for a number
    "Figure {n}:",
    "Imports",
    "{n} check, passes",
    "{n} checks, all pass",
    "Exported source",
    "Code",
    "about {n} minutes to read",
    "after chapter {n}",
    "and chapter {n}",
    "download the notebook",
    "open in Colab",
    "source",
    "Edit this page",
    "View source",
    "Report an issue",
    "Open the notebook",
    "Note",
    "Tip",
    "Important",
    "Warning",
    "Caution",
    "Parameter",
    "Meaning",
    NOT_YET,
    PARTLY,
    "Index of names",
    "Every public name of the package, with the page that explains it.",
    "A GPT from raw text to fine-tuned GPT-2, as notebooks that are the library, the tests and the site",
)
TOOLS = re.compile(r'<div class="quarto-navbar-tools[^>]*>')
TEXT_NODE = re.compile(r"(?<=>)([^<>$]*[A-Za-z]{2}[^<>$]*)(?=<)")
SPOKEN = re.compile(r'(?<=\s)((?:aria-label|placeholder|alt|title)=")([^"$]+)(?=")')
SCRIPT_WORD = re.compile(r'\bt\("([^"\n]+)"\)')
HEADING = re.compile(r"^(#{1,6} +\S.*?)(\s*\{[^}\n]*\})?[ \t]*$", flags=re.M)
SUMMARY = re.compile(r"^(#\| *code-summary: *)(.+)$", flags=re.M)
LABEL = re.compile(r"(\[\]\{#figure-[\d-]+ \.figure-place\})Figure ([\d.]+): ")


def template_words() -> list[str]:
    """What the frame of a page says: its text and what screen readers read out."""
    page = (PARTS / "page.html").read_text(encoding="utf-8")
    page = re.sub(r"\$[^$\n]*\$", "><", page)
    body = page[page.index("<body") :]
    texts = [text.strip() for text in TEXT_NODE.findall(body)]
    return texts + [text for _, text in SPOKEN.findall(body)]


def menu_words(entries: list) -> list[str]:
    """The texts of a sidebar or navbar that are not titles of pages."""
    found = []
    for entry in entries:
        if isinstance(entry, dict):
            found += [entry[name] for name in ("section", "text") if name in entry]
            found += menu_words(entry.get("contents", []))
    return found


def is_english(name: str) -> bool:
    """Whether a page, named as in the sidebar, stays in English."""
    return name.startswith(translate.NOT_TRANSLATED) or name.endswith(".md")


def title_of(name: str) -> str:
    """The title of a page in English."""
    if name in GENERATED:
        return "Index of names"
    text = (NBS / name).read_text(encoding="utf-8")
    if name.endswith(".ipynb"):
        text = "".join(json.loads(text)["cells"][0]["source"])
    return re.match(r"# (.+)", text)[1].strip()


def summaries() -> list[str]:
    """The lines under which notebooks fold code."""
    found = []
    for page in translate.translated_pages():
        source = (NBS / f"{page}.ipynb").read_text(encoding="utf-8")
        for cell in json.loads(source)["cells"]:
            if cell["cell_type"] == "code":
                lines = SUMMARY.findall("".join(cell["source"]))
                found += [translate.unquoted(text) for _, text in lines]
    return found


def script_words() -> list[str]:
    """What the pages' scripts say."""
    scripts = [PARTS / name for name in ("reading.js", "preview.js")]
    texts = [path.read_text(encoding="utf-8") for path in scripts]
    return SCRIPT_WORD.findall("".join(texts))


def site_words() -> list[str]:
    """Everything that the site says beside its pages, in a fixed order."""
    website = yaml.safe_load((ROOT / "_quarto.yml").read_text(encoding="utf-8"))["website"]
    menus = website["navbar"]["left"] + website["navbar"]["tools"]
    found = menu_words(menus + website["sidebar"]["contents"])
    pages = listed(website["sidebar"]["contents"])
    found += [title_of(page) for page in pages if is_english(page)]
    found += list(website["page-footer"].values())
    found += template_words()
    found += script_words()
    found += [*PHRASES, *sorted(summaries())]
    return list(dict.fromkeys(word for word in found if re.search("[A-Za-z]", word)))


@functools.cache
def words() -> dict[str, str]:
    """The site's words in Chinese."""
    catalog = translate.read_catalog(translate.SITE)
    return {entry.msgid: entry.msgstr for entry in catalog if translate.is_done(entry)}


def say(text: str) -> str:
    """A word of the site in Chinese; a number in it is kept."""
    if text in words():
        return words()[text]
    number = re.search(r"\d[\d.,]*", text)
    if number:
        pattern = text.replace(number[0], "{n}", 1)
        if pattern in words():
            return words()[pattern].replace("{n}", number[0])
    return text


def translated_menu(entries: list) -> list:
    """A sidebar or navbar with its own texts in Chinese."""
    found = []
    for entry in entries:
        if not isinstance(entry, dict):
            entry = {"href": entry}
            if is_english(entry["href"]):
                entry["text"] = title_of(entry["href"])
        entry = {
            name: say(value) if name in ("section", "text") else value
            for name, value in entry.items()
        }
        if "contents" in entry:
            entry["contents"] = translated_menu(entry["contents"])
        found.append(entry)
    return found


def chinese_settings(settings: dict) -> dict:
    """The site's settings, as far as readers see them, in Chinese."""
    settings = copy.deepcopy(settings)
    website = settings["website"]
    website["description"] = say(website["description"])
    website["sidebar"]["contents"] = translated_menu(website["sidebar"]["contents"])
    for side in ("left", "tools"):
        website["navbar"][side] = translated_menu(website["navbar"][side])
    website["page-footer"] = {k: say(v) for k, v in website["page-footer"].items()}
    website["words"] = words()
    return settings


def markdown_of(cell: dict) -> str:
    """What a cell adds to the page's headings: its Markdown, or its entry of a name."""
    source = "".join(cell["source"])
    if cell["cell_type"] == "markdown":
        return source
    if "output: asis" in source:
        return "".join("".join(o["data"]["text/markdown"]) for o in cell["outputs"])
    return ""


def anchors(cells: list[dict], page: str) -> list[list[str]]:
    """The anchors of the headings of each cell, as pandoc makes them for the English page."""
    text = "\n\n".join(filter(None, map(markdown_of, cells)))
    nowhere = pandoc_site.Page(Path(page), page, {})
    tree = json.loads(pandoc_site.pandoc(text, nowhere, "--from=markdown", "--to=json"))
    found: list[str] = []

    def collect(node) -> None:
        if isinstance(node, dict):
            if node.get("t") == "Header":
                found.append(node["c"][1][0])
            node = node.get("c")
        for child in node if isinstance(node, list) else ():
            collect(child)

    collect(tree["blocks"])
    counts = [len(HEADING.findall(FENCE.sub("", markdown_of(cell)))) for cell in cells]
    if sum(counts) != len(found):
        raise SystemExit(f"{page}: {len(found)} headings for pandoc, {sum(counts)} for us")
    names = iter(found)
    return [[next(names) for _ in range(count)] for count in counts]


def with_anchors(text: str, names: list[str]) -> str:
    """Chinese Markdown whose headings carry the English anchors."""
    fences = [match.span() for match in FENCE.finditer(text)]
    left = iter(names)

    def anchored(found: re.Match) -> str:
        if any(start <= found.start() < end for start, end in fences):
            return found[0]
        name = next(left, None)
        return found[0] if name is None or found[2] else f"{found[1]} {{#{name}}}"

    return HEADING.sub(anchored, text)


def with_titles(text: str) -> str:
    """Callouts without a title of their own get the name of their kind."""

    def titled(found: re.Match) -> str:
        return f'{found[1]} title="{say(found[2].capitalize())}"}}{found[3]}'

    return re.sub(
        r"^(:::+ *\{\.callout-(\w+)(?:(?!title=)[^}\n])*)\}(\n+(?!#))",
        titled,
        text,
        flags=re.M,
    )


def figure_words(text: str) -> str:
    """Numbered captions with the word before the number in Chinese."""

    def word(found: re.Match) -> str:
        return found[1] + re.sub(r":$", ": ", say(f"Figure {found[2]}:"))

    return LABEL.sub(word, text)


def page_facts(text: str) -> str:
    """The line below the title: each of its parts is a phrase of its own."""
    text = re.sub(r"\[([^\]]+)\](?=\()", lambda found: f"[{say(found[1])}]", text)
    return re.sub(
        r"^(about [^·\n]+?)(?= *·)", lambda found: say(found[1]), text, flags=re.M
    )


def directive(source: str, name: str, change) -> str:
    """A code cell with one of its directives changed."""
    pattern = re.compile(rf"^(#\| *{name}: *)(.+)$", flags=re.M)

    def changed(found: re.Match) -> str:
        value = change(translate.unquoted(found[2]))
        return found[1] + json.dumps(value, ensure_ascii=False)

    return pattern.sub(changed, source)


def translated_code(source: str, key: str, chinese: dict[str, str]) -> str:
    """A code cell with captions, descriptions and fold lines in Chinese."""

    def caption(value: str) -> str:
        label = LABEL.match(value)
        own = LABEL.sub("", value, count=1) if label else value
        text = OWN_NUMBER.sub("", chinese.get(f"{key}/fig-cap", own))
        return figure_words(label[0]) + text if label else text

    source = directive(source, "fig-cap", caption)
    source = directive(source, "fig-alt", lambda own: chinese.get(f"{key}/fig-alt", own))
    return directive(source, "code-summary", say)


def translated_entry(text: str, meanings: dict[str, str]) -> str:
    """The entry of an exported name with its parameter tables in Chinese."""
    lines = []
    for line in text.splitlines():
        row = re.match(r"(\| <code>.*?</code> \| )(.*)( \|)$", line)
        if row and row[2] in meanings:
            line = row[1] + meanings[row[2]] + row[3]
        elif line == "| Parameter | Meaning |":
            line = f"| {say('Parameter')} | {say('Meaning')} |"
        elif "{.api-source}" in line:
            line = line.replace("[source]", f"[{say('source')}]")
        lines.append(line)
    return "\n".join(lines) + "\n"


def escaped(meaning: str) -> str:
    """A meaning as it stands in a parameter table."""
    return table_row("", meaning)[len("| <code></code> | ") : -2]


def table_meanings(page: str, chinese: dict[str, str]) -> dict[str, str]:
    """English cells of parameter tables and their Chinese, names linked as nbdev links them."""
    from nbdev.doclinks import NbdevLookup

    link = NbdevLookup().link_line
    found = {}
    for message in translate.messages(page):
        if message.kind == "docment" and message.key in chinese:
            meaning = escaped(chinese[message.key])
            found[escaped(message.text)] = link(meaning)
            found[link(escaped(message.text))] = link(meaning)
    return found


def notice(page: str, n_done: int, n_messages: int) -> str:
    """What a page says that is not, or not wholly, in Chinese; nothing for a finished one."""
    if n_done == n_messages:
        return ""
    text = PARTLY if n_done else NOT_YET
    return f'::: {{.translation-notice lang="{LANGUAGE}"}}\n{say(text)}\n:::'


def front_matter(source: str, first: str | None, meta: dict) -> str:
    """The title and the description in Chinese, the rest as it was."""
    facts = yaml.safe_load(source.strip().strip("-"))
    if first:
        number = re.match(r"\d+ · ", str(facts["title"]))
        title = re.search(r"^# +(\S.*?)\s*$", first, flags=re.M)
        description = re.search(r"^> +(\S.*?)\s*$", first, flags=re.M)
        facts["title"] = (number[0] if number else "") + title[1]
        if description:
            facts["description"] = description[1]
    return f"---\n{yaml.safe_dump(facts | meta, allow_unicode=True)}---\n\n"


def translated_page(name: str, address: str) -> dict:
    """A processed notebook in Chinese."""
    from nbdev.doclinks import NbdevLookup

    page = name.removesuffix(".ipynb")
    notebook = json.loads((PROCESSED / name).read_text(encoding="utf-8"))
    front, *cells = notebook["cells"]
    is_ours = not page.startswith(translate.NOT_TRANSLATED)
    messages = translate.messages(page) if is_ours else []
    chinese = translate.translations(page) if is_ours else {}
    meanings = table_meanings(page, chinese) if chinese else {}
    names = anchors(cells, name) if chinese else [[] for _ in cells]
    link = NbdevLookup().linkify
    numbers = json.loads((PROCESSED / NUMBERS).read_text(encoding="utf-8"))
    for cell, own in zip(cells, names, strict=True):
        source = "".join(cell["source"])
        key = cell.get("id")
        if cell["cell_type"] == "code":
            source = translated_code(source, key, chinese)
            if f"{key}/output" in chinese:
                output = chinese[f"{key}/output"]
                cell["outputs"][0]["data"]["text/markdown"] = output
            if "output: asis" in source:
                data = cell["outputs"][0]["data"]
                data["text/markdown"] = translated_entry(
                    "".join(data["text/markdown"]), meanings
                ).replace(f"{address}/", f"{address}/{FOLDER}/")
        elif ".page-facts" in source:
            source = page_facts(source)
        elif key in chinese:
            text = with_titles(with_anchors(chinese[key], own))
            text = with_buttons(without_nested_links(link(text)))
            source = figure_words(renumbered(text, source, numbers, name))
            source = BEHIND_NUMBER.sub(r"\g<0> ", source)
        if cell["cell_type"] == "markdown":
            source = source.replace(f"{address}/", f"{address}/{FOLDER}/")
        cell["source"] = source.splitlines(keepends=True)
    first = messages[0].key if messages else ""
    meta = {} if chinese.get(first) else {"text-lang": "en"}
    front["source"] = front_matter("".join(front["source"]), chinese.get(first), meta)
    text = notice(page, len(chinese), len(messages) or 1)
    if text:
        cells.insert(0, {"cell_type": "markdown", "metadata": {}, "source": text})
    notebook["cells"] = [front, *cells]
    for cell in notebook["cells"]:  # as lists: Quarto runs the lines of a string together
        cell["source"] = "".join(cell["source"]).splitlines(keepends=True)
    return notebook


def notebook_to_download(source: Path) -> bytes:
    """A notebook as it stands in nbs/, with its prose in Chinese."""
    content = (NBS / source).read_bytes()
    page = source.with_suffix("").as_posix()
    chinese = (
        {} if page.startswith(translate.NOT_TRANSLATED) else translate.translations(page)
    )
    if not chinese:
        return content
    notebook = json.loads(content)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown" and cell["id"] in chinese:
            cell["source"] = chinese[cell["id"]].splitlines(keepends=True)
    return (json.dumps(notebook, ensure_ascii=False, indent=1) + "\n").encode()


def translated_text(text: str) -> str:
    """A page that is Markdown: its title if it has one in Chinese, and what it says about itself.

    Title and summary stand in its first lines, or in a header where Quarto has been here before.
    """
    found = re.match(r"---\n(.*?)\n---\n", text, flags=re.S)
    if found:
        facts = yaml.safe_load(found[1])
        title, summary = facts["title"], facts.get("description", "")
        rest = text[found.end() :]
    else:
        title, summary, rest = re.match(r"# (.+)\n+(?:> (.+)\n)?((?s:.*))", text).groups()
    described = f"> {say(summary)}\n\n" if summary else ""
    return f"# {say(title)}\n\n{described}{notice('', 0, 1)}\n\n{rest.lstrip()}"


def write_notebooks(settings: dict) -> None:
    """All pages in Chinese into `_proc_zh/`, with what belongs to them."""
    shutil.rmtree(PROCESSED_ZH, ignore_errors=True)
    shutil.copytree(
        PROCESSED, PROCESSED_ZH, ignore=shutil.ignore_patterns("_docs", "locale")
    )
    address = settings["website"]["site-url"]

    def write(name: str) -> None:
        path = PROCESSED_ZH / name
        if name.endswith(".ipynb"):
            notebook = translated_page(name, address)
            text = json.dumps(notebook, ensure_ascii=False, indent=1)
        else:
            text = translated_text(path.read_text(encoding="utf-8"))
            text = text.replace(f"{address}/", f"{address}/{FOLDER}/")
        path.write_text(text, encoding="utf-8")

    for name in listed(settings["website"]["sidebar"]["contents"]):
        write(name)


def template() -> Path:
    """The frame of a page in Chinese, beside the notebooks."""
    page = (PARTS / "page.html").read_text(encoding="utf-8")
    page = page.replace('<html lang="en">', f'<html lang="{LANGUAGE}">')
    page = re.sub(r'<a class="language".*?</a>', SWITCH, page)
    head, body = page[: page.index("<body")], page[page.index("<body") :]
    for word in sorted(template_words(), key=len, reverse=True):
        there = re.escape(word)
        body = re.sub(rf"((?:>|\$)\s*){there}(?=\s*(?:<|\$))", rf"\g<1>{say(word)}", body)
        body = body.replace(f'="{word}"', f'="{say(word)}"')
    path = PROCESSED_ZH / "_page.html"
    path.write_text(head + body, encoding="utf-8")
    return path


def build_with_pandoc(settings: dict) -> None:
    """The Chinese pages with pandoc, into `_docs/zh/`."""
    edition = pandoc_site.Edition(
        LANGUAGE, PROCESSED_ZH, SITE_ZH, template(), notebook_to_download
    )
    pandoc_site.build(chinese_settings(settings), edition)
    write_spoken_words()


def write_spoken_words() -> None:
    """Give the pages' scripts their words in Chinese."""
    spoken = json.dumps({word: say(word) for word in script_words()}, ensure_ascii=False)
    path = SITE_ZH / "site/reading.js"
    script = path.read_text(encoding="utf-8")
    path.write_text(f"globalThis.siteWords = {spoken};\n{script}", encoding="utf-8")


def build_with_quarto(settings: dict) -> None:
    """The Chinese pages with Quarto, as a project of its own, into `_docs/zh/`."""
    address = settings["website"]["site-url"]
    chinese = chinese_settings(settings)
    chinese["lang"] = "zh"
    chinese["website"]["site-url"] = f"{address}/{FOLDER}"
    del chinese["metadata-files"], chinese["website"]["words"]  # read already
    text = yaml.safe_dump(chinese, allow_unicode=True, sort_keys=False)
    (PROCESSED_ZH / "_quarto.yml").write_text(text, encoding="utf-8")
    names = listed(settings["website"]["sidebar"]["contents"])
    quarto_site.build(names, PROCESSED_ZH, SITE_ZH, notebook_to_download)
    write_spoken_words()
    for path in sorted(SITE.rglob("*.html")):
        with_switch(path, address)


def with_switch(path: Path, address: str) -> None:
    """Give a page that Quarto made its languages: for search engines, and for readers."""
    place = path.relative_to(SITE).as_posix()
    is_chinese = place.startswith(f"{FOLDER}/")
    place = place.removeprefix(f"{FOLDER}/")
    root = "../" * place.count("/")
    page = path.read_text(encoding="utf-8")
    where = f'<link rel="alternate" hreflang="{{}}" href="{address}/{{}}{place}">\n'
    languages = where.format("en", "") + where.format(LANGUAGE, f"{FOLDER}/")
    if is_chinese:
        switch = SWITCH.replace("$root$", root).replace("$place$", place)
    else:
        switch = SWITCH_ZH.replace("$root$", root).replace("$place$", place)
    page = page.replace("</head>", f"{languages}</head>", 1)
    page = TOOLS.sub(lambda found: found[0] + switch, page, count=1)
    if is_chinese:  # Quarto writes zh-Hans
        page = page.replace('lang="zh-Hans"', f'lang="{LANGUAGE}"')
    page = page.replace("</body>", f"{KEEP_PLACE}</body>", 1)
    path.write_text(page, encoding="utf-8", newline="\n")


def build(settings: dict, with_quarto: bool) -> None:
    """The Chinese pages, beside the English ones that stand in `_docs/` already."""
    write_notebooks(settings)
    if with_quarto:
        build_with_quarto(settings)
    else:
        build_with_pandoc(settings)
    for name in ("companions", "explore"):  # what pages load beside their own files
        shutil.copytree(SITE / name, SITE_ZH / name, dirs_exist_ok=True)
    for script in (SITE_ZH / "companions").glob("*.js"):
        join(script, SENTENCES / "companions.js", script)
    explorer = SITE_ZH / "explore/words.js"
    join(explorer, explorer, SENTENCES / "explorer.js")


def join(path: Path, *parts: Path) -> None:
    """Write a script from others, one behind the other."""
    text = "\n".join(part.read_text(encoding="utf-8") for part in parts)
    path.write_text(text, encoding="utf-8", newline="\n")


def script_problems() -> list[str]:
    """Sentences of the explorer and of the companions that have no Chinese, or too much of it."""
    english = [ROOT / "transformer_scratch/web/words.js"]
    english += sorted((NBS / "companions").glob("*.js"))
    names = re.compile(r"^\t\t(\w+): ", flags=re.M)
    there = set()
    for path in english:
        table = re.split(r"^\t?\};", path.read_text(encoding="utf-8"), flags=re.M)[0]
        there |= set(names.findall(table))
    ours = set()
    for path in sorted(SENTENCES.glob("*.js")):
        ours |= set(names.findall(path.read_text(encoding="utf-8")))
    return [
        f"{SENTENCES.relative_to(ROOT)}: the sentence {n}" for n in sorted(there ^ ours)
    ]
