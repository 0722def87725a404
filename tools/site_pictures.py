"""The figures of a built site, whoever built it: as WebP, which takes a third of the bytes, with their size on the page."""

import re
from pathlib import Path

from PIL import Image

DPI = 128  # of the figures in the notebooks; a CSS inch has 96 pixels
FIGURE = re.compile(r'<img\b[^>]*?\bsrc="(?P<source>[^":]*_files/[^"]*)\.png"[^>]*>')


def as_webp(path: Path) -> tuple[int, int]:
    """Write a PNG again, without loss; its width and height on the page."""
    with Image.open(path) as image:
        image.save(path.with_suffix(".webp"), lossless=True, method=4)
        pixels = image.size
    path.unlink()
    width, height = (round(n * 96 / DPI) for n in pixels)
    return width, height


def lighten(site: Path) -> None:
    """Exchange the figures that notebooks hold for lighter ones, on all pages."""
    sizes = {path: as_webp(path) for path in site.rglob("*_files/**/*.png")}
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")

        def lighter(found: re.Match, folder: Path = page.parent) -> str:
            path = (folder / f"{found['source']}.png").resolve()
            if path not in sizes:
                return found[0]
            tag = found[0].replace(".png", ".webp", 1)
            size = 'width="{}" height="{}"'.format(*sizes[path])
            return tag if "width=" in tag else tag.replace("<img", f"<img {size}", 1)

        changed = FIGURE.sub(lighter, text)
        if changed != text:
            page.write_text(changed, encoding="utf-8", newline="\n")
