"""What the built site weighs and what of it is cut off, in numbers: `python tools/measure_site.py [FOLDER]`.

Over all English pages: the bytes of a first view (the page with its styles, scripts and fonts, gzipped, and the
pictures of the first screen), code blocks, outputs and tables that are wider than their place at 1,440 pixels, and
empty meanings in the tables of parameters. Needs a built site and Chromium, as `check_site.py` does.
"""

import functools
import gzip
import re
import shutil
import statistics
import sys
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

from check_site import BROWSERS, Quiet
from site_checks import SITE

PACKED = (".woff", ".woff2", ".webp", ".png")  # which gzip does not make smaller
PARAMETERS = re.compile(r"<th[^>]*>Parameter</th>.*?</table>", re.S)
ROW = re.compile(r"<td[^>]*>(.*?)</td>\s*<td[^>]*>(.*?)</td>", re.S)
CUT = """(kind) => [...document.querySelectorAll(kind)]
  .map((one) => [one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0, one.clientWidth > 0])"""
KINDS = {
    "code blocks": "main :is(.sourceCode pre, pre.sourceCode)",
    "outputs": "main .cell-output pre",
    "tables": "main table",
}


def weight(path: Path) -> int:
    """The bytes of a file on its way to the reader."""
    content = path.read_bytes()
    return len(content) if path.suffix in PACKED else len(gzip.compress(content))


def first_view(page, address: str, name: str) -> int:
    """The bytes that a page loads before anything is scrolled."""
    loaded = set()

    def seen(response) -> None:
        loaded.add(response.url.removeprefix(address).split("?")[0])

    page.on("response", seen)
    page.goto(address + name, wait_until="networkidle")
    page.remove_listener("response", seen)
    return sum(weight(SITE / path) for path in loaded if (SITE / path).is_file())


def meanings(names: list[str]) -> tuple[int, int, int]:
    """How many parameters are explained on all pages, how many not, and how many results."""
    rows = []
    for name in names:
        for table in PARAMETERS.findall((SITE / name).read_text(encoding="utf-8")):
            rows += ROW.findall(table)
    empty = [left for left, right in rows if not right.strip()]
    results = [left for left, _ in rows if "→" in left]
    return len(rows), len([left for left in empty if "→" not in left]), len(results)


def main() -> None:
    from playwright.sync_api import sync_playwright

    handler = functools.partial(Quiet, directory=SITE)
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    names = [path.relative_to(SITE).as_posix() for path in sorted(SITE.rglob("*.html"))]
    names = [name for name in names if not name.startswith(("zh/", "explore"))]
    weights, counts = {}, {kind: [0, 0] for kind in KINDS}
    with sync_playwright() as play:
        path = next(filter(None, map(shutil.which, BROWSERS)), None)
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        for name in names:
            weights[name] = first_view(page, address, name)
            for kind, selector in KINDS.items():
                for is_cut, is_shown in page.evaluate(CUT, selector):
                    counts[kind][0] += is_cut
                    counts[kind][1] += is_shown
        browser.close()
    server.shutdown()
    heaviest = sorted(weights, key=weights.get)[-3:]
    middle = statistics.median(weights.values())
    print(f"first view: median {middle / 1000:.0f} KB of {len(names)} pages; heaviest:")
    print(*(f"    {name} {weights[name] / 1000:.0f} KB" for name in heaviest), sep="\n")
    for kind, (cut, shown) in counts.items():
        print(f"{kind}: {cut} of {shown} are wider than their place")
    rows, empty, results = meanings(names)
    print(f"rows of parameters: {rows}, of them {results} results; {empty} unexplained")


if __name__ == "__main__":
    sys.exit(main())
