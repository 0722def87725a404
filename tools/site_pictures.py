"""The pictures of a built site, whoever built it: as WebP, which takes a third of the bytes, figures with their size."""

import re
from pathlib import Path

from PIL import Image

DPI = 128  # of the figures in the notebooks; a CSS inch has 96 pixels
PICTURE = re.compile(r'<img\b[^>]*?\bsrc="(?P<source>[^":]*)\.png"[^>]*>')
KEPT = "card.png"  # for other sites, which may want PNG


def as_webp(path: Path) -> tuple[int, int]:
    """Write a PNG again, without loss; its width and height on the page if it is a figure."""
    with Image.open(path) as image:
        image.save(path.with_suffix(".webp"), lossless=True, method=4)
        pixels = image.size
    path.unlink()
    width, height = (round(n * 96 / DPI) for n in pixels)
    return width, height


def lighten(site: Path) -> None:
    """Exchange the pictures of all pages for lighter ones."""
    folders = [*site.rglob("*_files"), *site.rglob("images")]
    pictures = [path for folder in folders for path in folder.rglob("*.png")]
    sizes = {path: as_webp(path) for path in pictures if path.name != KEPT}
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")

        def lighter(found: re.Match, folder: Path = page.parent) -> str:
            path = (folder / f"{found['source']}.png").resolve()
            if path not in sizes:
                return found[0]
            tag = found[0].replace(".png", ".webp", 1)
            if "width=" in tag or path.parent.name == "images":
                return tag
            width, height = sizes[path]
            return tag.replace("<img", f'<img width="{width}" height="{height}"', 1)

        changed = PICTURE.sub(lighter, text)
        if changed != text:
            page.write_text(changed, encoding="utf-8", newline="\n")
