"""What of the built site is cut off or left unexplained, in numbers: `python tools/measure_site.py [WIDTH]`.

Over all English pages: code blocks, outputs and tables that are wider than their place at 1,440 pixels or WIDTH, by
page, and empty meanings in the tables of parameters. Needs a built site and Chromium, as `check_site.py` does, which
weighs the pages.
"""

import functools
import re
import shutil
import sys
import threading
from http.server import ThreadingHTTPServer

from check_site import BROWSERS, Quiet
from site_checks import SITE

PARAMETERS = re.compile(r"<th[^>]*>Parameter</th>.*?</table>", re.S)
ROW = re.compile(r"<td[^>]*>(.*?)</td>\s*<td[^>]*>(.*?)</td>", re.S)
CUT = """(kind) => [...document.querySelectorAll(kind)]
  .map((one) => [one.scrollWidth > one.clientWidth + 1 && one.clientWidth > 0, one.clientWidth > 0])"""
KINDS = {
    "code blocks": "main :is(.sourceCode pre, pre.sourceCode)",
    "outputs": "main .cell-output pre",
    "tables": "main table",
}


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
    width = int(sys.argv[1]) if len(sys.argv) > 1 else 1440
    counts, places = {kind: [0, 0] for kind in KINDS}, {kind: [] for kind in KINDS}
    with sync_playwright() as play:
        path = next(filter(None, map(shutil.which, BROWSERS)), None)
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        for name in names:
            page.goto(address + name)
            for kind, selector in KINDS.items():
                found = page.evaluate(CUT, selector)
                cut = sum(is_cut for is_cut, _ in found)
                counts[kind][0] += cut
                counts[kind][1] += sum(is_shown for _, is_shown in found)
                places[kind] += [f"{name} {cut}"] * bool(cut)
        browser.close()
    server.shutdown()
    for kind, (cut, shown) in counts.items():
        where = ", ".join(places[kind])
        print(f"{kind}: {cut} of {shown} are wider than their place: {where}")
    rows, empty, results = meanings(names)
    print(f"rows of parameters: {rows}, of them {results} results; {empty} unexplained")


if __name__ == "__main__":
    sys.exit(main())
