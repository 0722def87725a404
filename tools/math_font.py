"""A small font for the formulas of a built site, whoever built it: of STIX Two Math only what the pages show.

`site/reading.js` asks for it when a formula comes near, as browsers do with pictures. The font comes with the package
`ziamath` (SIL Open Font License); without it formulas are set in the reader's own mathematical font.
"""

import html
import re
import unicodedata
from importlib.util import find_spec
from pathlib import Path

FORMULA = re.compile(r"<math\b.*?</math>", re.S)
NOTE = re.compile(r"<annotation\b.*?</annotation>|<[^>]+>", re.S)
LETTER = re.compile(r"<mi>(.)</mi>")
ITALICS = [*range(0x1D434, 0x1D468), *range(0x1D6E2, 0x1D71C), 0x210E]
RULE = 'math { font-family: "Site Math", "STIX Two Math", "Cambria Math", math; }\n'


def shown_characters(pages: dict[Path, str]) -> set[int]:
    """What stands in the formulas, also the italics into which browsers turn single letters."""
    found, letters = {ord("√")}, set()  # of <msqrt>
    for text in pages.values():
        for formula in FORMULA.findall(text):
            found |= {ord(character) for character in html.unescape(NOTE.sub("", formula))}
            letters |= set(LETTER.findall(formula))
    italics = {
        code for code in ITALICS if unicodedata.normalize("NFKC", chr(code)) in letters
    }
    return found | italics


def subset_font(source: Path, target: Path, characters: set[int]) -> None:
    """Write of a font what these characters need, with the parts that stretch."""
    from fontTools import subset

    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.flavor = "woff"
    font = subset.load_font(source, options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    subset.save_font(font, target, options)


def write_font(site: Path) -> int:
    """Give all pages with formulas the font; its bytes, or 0 where there is none to take."""
    package = find_spec("ziamath")
    if not package:
        print("formulas are set in the reader's own font: `ziamath` is not installed")
        return 0
    pages = {path: path.read_text(encoding="utf-8") for path in site.rglob("*.html")}
    pages = {path: text for path, text in pages.items() if "<math" in text}
    font = site / "site/math.woff"
    font.parent.mkdir(exist_ok=True)
    source = Path(package.origin).parent / "fonts/STIXTwoMath-Regular.ttf"
    subset_font(source, font, shown_characters(pages))
    (site / "site/math.css").write_text(RULE, encoding="utf-8")
    for path, text in pages.items():
        root = "../" * (len(path.relative_to(site).parts) - 1)
        sheet = f'<link rel="stylesheet" class="math" media="not all" href="{root}site/math.css">'
        text = text.replace("</head>", f"{sheet}\n</head>", 1)
        path.write_text(text, encoding="utf-8", newline="\n")
    return font.stat().st_size
