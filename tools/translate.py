"""The Chinese edition's messages: `python tools/translate.py COMMAND`.

    update [PAGE …]   what the notebooks say now, into nbs/locale/zh_CN/PAGE.po; changed messages become fuzzy
    export PAGE [--missing] [--out FILE]   a plain text to fill in, English above Chinese
    import FILE …     the filled text back into the .po; what the checks find is refused, by the block's name
    check [PAGE …]    every finished page whole and right (exits 1 if not); prints the share translated
    report            the share translated, page by page
    self-test         the catalogs follow a changed page as they should; every kind of fault is found

A message is a Markdown cell, a caption, a description of a picture, or what a parameter of chapters 0 to 9 means.
Its context in the .po is the cell's id (`b4d00871`, `b4d00871/fig-cap`) or the name (`docment/causal_mask/n_keys`).
A page is finished when its .po says `X-Finished: yes`, which `import` writes when the last message is there.
"""

import argparse
import inspect
import json
import re
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import polib
import translation_checks
import yaml
from translation_checks import faults, is_fixed, spaced

ROOT = Path(__file__).resolve().parent.parent
NBS = ROOT / "nbs"
CATALOGS = NBS / "locale/zh_CN"
CAPTION = re.compile(r"^#\| *(fig-cap|fig-alt|tbl-cap): *(.*)$", flags=re.M)
CHAPTER_WITH_DOCMENTS = re.compile(r"0\d_")
NOT_TRANSLATED = ("evidence/", "support/", "commands/")  # these pages show English
HOME = "index"
SITE = "site"  # the catalog of the site's own words


@dataclass(frozen=True)
class Message:
    """Something that a reader reads."""

    key: str  # where it stands: the context in the .po
    kind: str  # cell, fig-cap, fig-alt, output, docment, word
    text: str  # in English


def unquoted(text: str) -> str:
    """The value of a directive without its quotation marks."""
    text = text.strip()
    if text.startswith('"') and text.endswith('"'):
        return json.loads(text)
    return text.strip("'")


def translated_pages() -> list[str]:
    """The pages of this edition, in the order of the sidebar, without their ending."""
    sidebar = yaml.safe_load((ROOT / "_quarto.yml").read_text(encoding="utf-8"))
    text = json.dumps(sidebar["website"]["sidebar"])
    names = dict.fromkeys(re.findall(r'"([\w/]+)\.ipynb"', text))
    return [name for name in names if not name.startswith(NOT_TRANSLATED)]


def docment_messages(cells: list[dict], page: str) -> list[Message]:
    """What the parameters of a page's exported names mean, in their order."""
    from fastcore.docments import docments

    source = "\n".join("".join(cell["source"]) for cell in cells)
    module_name = re.search(r"^#\| *default_exp +([\w.]+)", source, flags=re.M)
    if not module_name:
        return []
    module = import_module(f"transformer_scratch.{module_name[1]}")
    symbols = {name: getattr(module, name) for name in module.__all__}
    for name, symbol in list(symbols.items()):
        if inspect.isclass(symbol):
            for method, value in vars(symbol).items():
                value = getattr(value, "__func__", value)
                if inspect.isfunction(value) and not method.startswith("_"):
                    symbols[f"{name}.{method}"] = value
    found = []
    for name, symbol in symbols.items():
        if not callable(symbol):
            continue
        for parameter, facts in docments(symbol, full=True).items():
            if facts["docment"]:
                text = " ".join(facts["docment"].split())
                found.append(Message(f"docment/{name}/{parameter}", "docment", text))
    return found


def output_messages(cell: dict) -> list[Message]:
    """The Markdown that a cell of the home page printed: pictures and what they show."""
    texts = [output.get("data", {}).get("text/markdown") for output in cell["outputs"]]
    return [Message(f"{cell['id']}/output", "output", "".join(t)) for t in texts if t]


def page_messages(page: str) -> list[Message]:
    """Everything on a page that is to be translated, in its order."""
    path = NBS / f"{page}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    found = []
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            found.append(Message(cell["id"], "cell", source))
        elif cell["cell_type"] == "code" and "#| hide" not in source:
            for kind, value in CAPTION.findall(source):
                found.append(Message(f"{cell['id']}/{kind}", kind, unquoted(value)))
            if page == HOME and "echo: false" in source:
                found += output_messages(cell)
    if CHAPTER_WITH_DOCMENTS.match(page):
        found += docment_messages(cells, page)
    return found


def slug(text: str) -> str:
    """A text as a key: its letters and digits, joined by hyphens."""
    return re.sub(r"\W+", "-", text.lower()).strip("-")


def messages(page: str) -> list[Message]:
    """The messages of a page or of the site's own words."""
    if page == SITE:
        from chinese_site import site_words

        return [Message(slug(word), "word", word) for word in site_words()]
    return page_messages(page)


def catalog_path(page: str) -> Path:
    return CATALOGS / f"{page}.po"


def read_catalog(page: str) -> polib.POFile:
    """The messages that are kept for a page; a new catalog if there is none."""
    path = catalog_path(page)
    if path.exists():
        return polib.pofile(str(path), wrapwidth=88)
    catalog = polib.POFile(wrapwidth=88)
    catalog.metadata = {
        "Project-Id-Version": "transformer-scratch",
        "Language": "zh_CN",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "X-Finished": "no",
    }
    return catalog


def write_catalog(page: str, catalog: polib.POFile) -> None:
    path = catalog_path(page)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = str(catalog)
    path.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")


def updated(catalog: polib.POFile, wanted: list[Message]) -> polib.POFile:
    """The catalog with exactly these messages, in this order; changed ones are fuzzy."""
    kept = {entry.msgctxt: entry for entry in catalog}
    homeless = {
        entry.msgid: entry
        for key, entry in kept.items()
        if entry.msgstr and key not in {message.key for message in wanted}
    }
    entries = []
    for message in wanted:
        entry = kept.get(message.key)
        if entry is None:
            entry = polib.POEntry(msgctxt=message.key, msgid=message.text, msgstr="")
            moved = homeless.get(message.text)  # the same text in a new cell
            if moved:
                entry.msgstr, entry.tcomment = moved.msgstr, moved.tcomment
                entry.flags = moved.flags
        elif entry.msgid != message.text:
            if entry.msgstr:
                entry.previous_msgid = entry.previous_msgid or entry.msgid
                entry.flags = sorted({*entry.flags, "fuzzy"})
            entry.msgid = message.text
        entry.comment = message.kind
        entries.append(entry)
    catalog[:] = entries
    return catalog


def is_done(entry: polib.POEntry) -> bool:
    return bool(entry.msgstr) and "fuzzy" not in entry.flags


def finished(catalog: polib.POFile) -> bool:
    return catalog.metadata.get("X-Finished") == "yes"


def allowed(entry: polib.POEntry) -> set[str]:
    """The checks that a translator has excused for a message."""
    found = re.search(r"allow: *(.+)", entry.tcomment or "")
    return set(re.split(r"[ ,]+", found[1].strip())) if found else set()


def translations(page: str) -> dict[str, str]:
    """The messages of a page that hold today: their keys and their Chinese."""
    catalog = {entry.msgctxt: entry for entry in read_catalog(page)}
    found = {}
    for message in messages(page) if catalog else ():
        entry = catalog.get(message.key)
        if entry and is_done(entry) and entry.msgid == message.text:
            found[message.key] = entry.msgstr
    return found


def glossary_terms() -> dict[str, list[str]]:
    """Every term whose translation the glossary fixes, and the words that are right."""
    cells = json.loads((NBS / "glossary.ipynb").read_text(encoding="utf-8"))["cells"]
    source = "\n".join("".join(cell["source"]) for cell in cells)
    row = re.compile(r"^\| (.+?) \| (.+?) \| .+? \| \[.+?\]\(.+?\.ipynb\) \|$", re.M)
    terms = {}
    for english, chinese in row.findall(source):
        term = english.split(" (")[0].strip("`")
        if is_fixed(term):
            terms[term] = [chinese.split("（")[0]]
    return terms


def entry_faults(entry: polib.POEntry, terms: dict[str, list[str]]) -> list[str]:
    """What is wrong with a translated message."""
    if entry.comment == "word":
        holes = re.compile(r"\{\w*\}")
        same = sorted(holes.findall(entry.msgid)) == sorted(holes.findall(entry.msgstr))
        return [] if same else ["a {place} is missing"]
    return faults(entry.msgid, entry.msgstr, terms, allowed(entry))


def page_problems(page: str, terms: dict[str, list[str]]) -> list[str]:
    """What is wrong with the catalog of a page, a line each."""
    catalog = read_catalog(page)
    kept = {entry.msgctxt: entry for entry in catalog}
    wanted = messages(page)
    place = f"nbs/locale/zh_CN/{page}.po"
    found = []
    keys = [message.key for message in wanted]
    for key in {key for key in keys if keys.count(key) > 1}:
        found.append(f"nbs/{page}.ipynb: two cells have the id {key}")
    for message in wanted:
        entry = kept.get(message.key)
        if finished(catalog):
            if entry is None or not entry.msgstr:
                found.append(f"{place}: {message.key} is not translated")
            elif entry.msgid != message.text or "fuzzy" in entry.flags:
                found.append(
                    f"{place}: {message.key} has changed in English: translate anew"
                )
        if entry and is_done(entry):
            for fault in entry_faults(entry, terms):
                found.append(f"{place}: {message.key}: {fault}")
    return found


def share(page: str) -> tuple[int, int]:
    """How many messages of a page are translated, and how many it has."""
    kept = {entry.msgctxt: entry for entry in read_catalog(page)}
    wanted = messages(page)
    done = 0
    for message in wanted:
        entry = kept.get(message.key)
        done += bool(entry and is_done(entry) and entry.msgid == message.text)
    return done, len(wanted)


def update(pages: list[str]) -> None:
    for page in pages:
        write_catalog(page, updated(read_catalog(page), messages(page)))


def exported(page: str, missing_only: bool = False) -> str:
    """A page's messages as text: English, a line `==`, Chinese."""
    blocks = []
    catalog = updated(read_catalog(page), messages(page))
    for number, entry in enumerate(catalog, 1):
        if missing_only and is_done(entry):
            continue
        head = f"@@ {number} {entry.msgctxt} {entry.comment}"
        if "fuzzy" in entry.flags:
            head += " fuzzy"
        if allowed(entry):
            head += f" allow={','.join(sorted(allowed(entry)))}"
        old = f"\n~~\n{entry.previous_msgid}" if entry.previous_msgid else ""
        blocks.append(f"{head}\n{entry.msgid}{old}\n==\n{entry.msgstr}\n")
    return f"## {page}\n\n" + "\n".join(blocks)


BLOCK = re.compile(r"^@@ +(?:\d+ +(?=\S+ +\S))?(?P<head>\S.*)\n", flags=re.M)


def read_blocks(text: str) -> tuple[str, dict[str, tuple[str, str, set[str]]]]:
    """The page of a filled text; for each message its English (which may be left out), its
    Chinese, and the checks that are excused."""
    page = re.match(r"## +(\S+)\s*\n", text)
    if not page:
        raise SystemExit("the first line must name the page: `## 01_data`")
    parts = BLOCK.split(text[page.end() :])[1:]
    blocks = {}
    for head, body in zip(parts[::2], parts[1::2], strict=True):
        key, *words = head.split()
        excuses = [word[6:] for word in words if word.startswith("allow=")]
        sides = re.split(r"^==[ \t]*$", body, maxsplit=1, flags=re.M)
        if len(sides) != 2:
            raise SystemExit(f"{page[1]} {key}: no line `==` between the two languages")
        english = re.split(r"^~~[ \t]*$", sides[0], maxsplit=1, flags=re.M)[0]
        chinese = sides[1]
        allow = {name for excuse in excuses for name in excuse.split(",")}
        blocks[key] = (english.strip("\n"), chinese.strip("\n").rstrip(), allow)
    return page[1], blocks


def import_file(path: Path, terms: dict[str, list[str]]) -> int:
    """Read a filled text back; the number of blocks that were refused."""
    page, blocks = read_blocks(path.read_text(encoding="utf-8"))
    catalog = updated(read_catalog(page), messages(page))
    entries = {entry.msgctxt: entry for entry in catalog}
    refused = taken = 0
    for key, (english, chinese, allow) in blocks.items():
        if not chinese.strip():
            continue
        entry = entries.get(key)
        if entry is None:
            problems = ["there is no such message on the page any more: export anew"]
        elif english and "".join(english.split()) != "".join(entry.msgid.split()):
            problems = ["the English has changed meanwhile: export anew"]
        else:
            chinese = chinese if entry.comment == "word" else spaced(chinese)
            trial = polib.POEntry(
                msgctxt=key,
                msgid=entry.msgid,
                msgstr=chinese,
                comment=entry.comment,
                tcomment=f"allow: {', '.join(sorted(allow))}" if allow else "",
            )
            problems = entry_faults(trial, terms)
        if problems:
            refused += 1
            print(f"{page} {key}: refused", *(f"  - {each}" for each in problems), sep="\n")
            continue
        taken += 1
        entry.msgstr, entry.tcomment = trial.msgstr, trial.tcomment
        entry.flags = [flag for flag in entry.flags if flag != "fuzzy"]
        entry.previous_msgid = None
    whole = all(is_done(entry) for entry in catalog)
    catalog.metadata["X-Finished"] = "yes" if whole else "no"
    write_catalog(page, catalog)
    n_done = sum(map(is_done, catalog))
    print(
        f"{page}: {taken} taken, {refused} refused; {n_done} of {len(catalog)} translated"
    )
    return refused


def report(pages: list[str]) -> None:
    """The share translated of each page and of all."""
    total = [0, 0]
    for page in pages:
        done, number = share(page)
        total = [total[0] + done, total[1] + number]
        state = "finished" if finished(read_catalog(page)) else ""
        print(f"{page:28} {done:4} of {number:4}  {done / max(number, 1):6.1%}  {state}")
    print(f"{'all pages':28} {total[0]:4} of {total[1]:4}  {total[0] / total[1]:6.1%}")


def catalogs_follow() -> None:
    """A cell that changes, one that moves, one that goes, one that comes; and a filled text."""
    first = [
        Message("a", "cell", "One."),
        Message("b", "cell", "Two."),
        Message("c", "cell", "3"),
    ]
    catalog = updated(polib.POFile(), first)
    for entry in catalog:
        entry.msgstr = f"译 {entry.msgid}"
    later = [
        Message("a", "cell", "One!"),
        Message("d", "cell", "Two."),
        Message("e", "cell", "4"),
    ]
    entries = {entry.msgctxt: entry for entry in updated(catalog, later)}
    assert list(entries) == ["a", "d", "e"]
    assert "fuzzy" in entries["a"].flags and entries["a"].previous_msgid == "One."
    assert is_done(entries["d"]) and entries["d"].msgstr == "译 Two."
    assert not entries["e"].msgstr and not is_done(entries["a"])
    text = "## p\n\n@@ 7 12345678 cell allow=terms\nOld.\n==\n```\n==\n```\n\n@@ x/fig-cap fig-cap\n==\n图\n"
    page, blocks = read_blocks(text)
    assert page == "p" and blocks["12345678"] == ("Old.", "```\n==\n```", {"terms"})
    assert blocks["x/fig-cap"] == ("", "图", set())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = ["update", "export", "import", "check", "report", "self-test"]
    parser.add_argument("command", choices=commands)
    parser.add_argument("names", nargs="*", metavar="PAGE or FILE")
    parser.add_argument(
        "--missing", action="store_true", help="export only what is missing"
    )
    parser.add_argument("--out", type=Path, help="where to write the export")
    arguments = parser.parse_args()
    names = [name.removeprefix("nbs/").removesuffix(".ipynb") for name in arguments.names]
    pages = names or [*translated_pages(), SITE]
    if arguments.command == "update":
        update(pages)
    elif arguments.command == "export":
        text = "\n".join(exported(page, arguments.missing) for page in pages)
        if arguments.out:
            arguments.out.write_text(text, encoding="utf-8")
        else:
            print(text, end="")
    elif arguments.command == "import":
        terms = glossary_terms()
        sys.exit(bool(sum(import_file(Path(name), terms) for name in arguments.names)))
    elif arguments.command == "check":
        terms = glossary_terms()
        problems = [problem for page in pages for problem in page_problems(page, terms)]
        if SITE in pages:
            from chinese_site import script_problems

            problems += script_problems()
        report(pages)
        sys.exit("\n".join(problems) if problems else 0)
    elif arguments.command == "self-test":
        catalogs_follow()
        translation_checks.self_test()
    else:
        report(pages)


if __name__ == "__main__":
    main()
