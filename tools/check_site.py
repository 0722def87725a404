"""Every page of the built site in a real browser: `python tools/check_site.py [--screenshots FOLDER] [PAGE ...]`.

Wide and narrow, light and dark, whoever built it: no error in the console, no request that leaves this machine, no sideways scrolling, the
theme that the system asks for, every image loads and has alt text, formulas are formulas, a page's first view stays below a weight. axe-core
looks for what hinders readers with a keyboard or a screen reader. The search must find a page and lead to it, the theme must stay chosen.
Needs `python tools/build_site.py` before it, Chromium or Chrome, and the `dev` extra.
"""

import argparse
import functools
import gzip
import json
import os
import shutil
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from site_checks import NBS, SITE, Parsed, site_problems

VIEWS = [(1440, "light"), (390, "dark"), (390, "light"), (1440, "dark")]
SEARCHES = {  # what a reader types: the page that should come first
    "how to train on my own text": "tutorials/own_text.html",
    "train": "training.html",
    "attention": "attention.html",
    "rotary": "positions.html",
    "beam search": "generation.html",
    "注意力": "glossary.html",
}
CHINESE_SEARCHES = {"两条命令": "index.html", "训练样例是什么": "data.html"}
BUILT_BY_QUARTO = {
    "input": ".aa-Input",
    "result": ".aa-List a",
    "go": "ArrowDown",
    "theme": ".quarto-color-scheme-toggle",
    "limit": 400 * 1024,
}
BUILT_BY_PANDOC = {
    "input": ".search input",
    "result": ".results a",
    "go": "End",
    "theme": ".theme",
    "limit": 60 * 1024,
}
# pages that miss the limit of pandoc's pages: the longest, and one with a large picture
HEAVIER = {"encoder_decoder.html": 64 * 1024, "explorer.html": 80 * 1024}
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
LOOK = r"""async () => {
  const found = [];
  for (const image of document.images) {
    image.loading = "eager";
    await image.decode().catch(() => found.push(`the image ${image.getAttribute("src")} does not load`));
    if (!image.alt) found.push(`the image ${image.getAttribute("src")} has no alt text`);
  }
  if (document.documentElement.scrollWidth > innerWidth) {
    const wide = [...document.querySelectorAll("main *")].filter((one) => one.getBoundingClientRect().right > innerWidth + scrollX && !one.closest("pre, table, figure"));
    found.push(`the page scrolls sideways: ${document.documentElement.scrollWidth} pixels: ${wide.slice(0, 2).map((one) => one.outerHTML.slice(0, 100))}`);
  }
  const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/[\d.]+/g).map(Number);
  const isDark = red + green + blue < 384, wantsDark = matchMedia("(prefers-color-scheme: dark)").matches;
  if (isDark !== wantsDark) found.push(`the system asks for the ${wantsDark ? "dark" : "light"} theme, the page has the other`);
  return {found, formulas: document.querySelectorAll("math").length};
}"""
AXE = """async () => { // contrast is slow: one element of every kind, which is its own tag and class and those of the two around it
  const kinds = new Map();
  for (const one of document.querySelectorAll("body *")) {
    if (![...one.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim())) continue;
    const kind = [one, one.parentElement, one.parentElement.parentElement].map((element) => element.tagName + element.className).join(" ");
    if (!kinds.has(kind)) kinds.set(kind, one);
  }
  const runs = [
    await axe.run(document, {rules: {"color-contrast": {enabled: false}}, resultTypes: ["violations"]}),
    await axe.run({include: [...kinds.values()]}, {runOnly: ["color-contrast"], resultTypes: ["violations"]}),
  ];
  return runs.flatMap((run) => run.violations).filter((one) => ["serious", "critical"].includes(one.impact))
    .map((one) => `axe: ${one.id}: ${one.help}: ${one.nodes.length} times, as ${one.nodes[0].html.slice(0, 150)}`);
}"""


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_):
        pass


def formulas_in_source(name: str) -> bool:
    """Whether the notebook behind a page has formulas in its prose."""
    url = f"{name.removeprefix('zh/').removesuffix('.html')}.ipynb"
    matches = [
        path
        for path in NBS.rglob("*.ipynb")
        if path.relative_to(NBS).as_posix().lstrip("0123456789_") == url
    ]
    cells = [
        cell
        for path in matches
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
    ]
    return any(
        "".join(cell["source"]).count("$") > 1
        for cell in cells
        if cell["cell_type"] == "markdown"
    )


def built_by() -> dict:
    """What differs between the two builders' pages."""
    return BUILT_BY_QUARTO if (SITE / "site_libs").exists() else BUILT_BY_PANDOC


@functools.cache
def weight(path: str) -> int:
    """The bytes of one of the site's files as a server sends it, text compressed."""
    content = (SITE / path).read_bytes()
    return min(len(content), len(gzip.compress(content, 6)))


def first_found(page, start: str, query: str, wanted: str, say) -> None:
    """Search from a page, and say so if another page than the wanted one comes first."""
    builder = built_by()
    page.goto(start)
    page.wait_for_load_state()
    page.keyboard.press("/")
    page.wait_for_selector(f"{builder['input']}:focus")
    page.keyboard.insert_text(query)
    page.wait_for_selector(builder["result"])
    page.wait_for_timeout(500)  # what belongs to the last letter
    found = page.get_attribute(builder["result"], "href")
    if wanted not in found:
        say(f"a search for {query!r} finds {found} first, not {wanted}")


def use_the_site(page, address: str, say) -> None:
    """What a reader does: search, go to what was found, choose a theme, go on."""
    builder = built_by()
    for query, wanted in CHINESE_SEARCHES.items():
        first_found(page, f"{address}zh/index.html", query, wanted, say)
    for query, wanted in SEARCHES.items():
        first_found(page, f"{address}index.html", query, wanted, say)
    page.keyboard.press(builder["go"])
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{wanted}*")
    background = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(background)
    page.click(builder["theme"])
    chosen = page.evaluate(background)
    page.goto(f"{address}zh/attention.html#several-heads")
    page.eval_on_selector(
        ".language", "link => link.click()"
    )  # a click by hand scrolls first
    page.wait_for_url(lambda url: "/zh/" not in url)
    if page.url != f"{address}attention.html#several-heads":
        say(f"the switch of languages leads to {page.url}")
    page.goto(f"{address}attention.html")
    if before == chosen or page.evaluate(background) != chosen:
        say("the theme does not change, or is forgotten on the next page")


def look_at(
    view: tuple[int, str],
    names: list[str],
    address: str,
    browser_path: str | None,
    axe: str,
    screenshots: str,
) -> tuple[list[str], dict[str, int]]:
    """All pages in one width and theme: what is wrong, a line each, and the weights of first views."""
    from playwright.sync_api import sync_playwright

    width, theme = view
    problems, current = [], "index.html"
    loaded, weights = set(), {}

    def say(what: str) -> None:
        problems.append(f"{current}, {width} pixels, {theme}: {what}")

    def requested(request) -> None:
        if request.url.startswith(address):
            loaded.add(request.url.removeprefix(address).partition("?")[0])
        if not request.url.startswith((address, "data:", "blob:")):
            say(f"a request to {request.url}")

    with sync_playwright() as play:
        offline = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
        browser = play.chromium.launch(
            executable_path=browser_path, args=["--no-sandbox", offline]
        )
        page = browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme=theme
        )
        page.on("request", requested)
        page.on(
            "response",
            lambda response: (
                response.status >= 400 and say(f"{response.url} answers {response.status}")
            ),
        )
        page.on(
            "console",
            lambda message: (
                message.type in ("error", "warning")
                and say(f"in the console: {message.text}")
            ),
        )
        page.on("pageerror", lambda error: say(f"a script fails: {error}"))
        for current in names:
            if current.startswith("zh/") and view not in VIEWS[:2]:
                continue  # the same frame and code as the English page
            loaded.clear()
            page.goto(address + current)
            if current.removeprefix("zh/").startswith("explore/"):  # its model loads first
                page.wait_for_timeout(3000)
            else:
                # the explorer's program and model come into a frame, after the page
                page_itself = [path for path in loaded if "explore/" not in path]
                weights[current] = sum(map(weight, page_itself))
            seen = page.evaluate(LOOK)
            for what in seen["found"]:
                say(what)
            if formulas_in_source(current) and not seen["formulas"]:
                say("the notebook has formulas, the page has none")
            if axe:
                page.evaluate(axe)
                for what in page.evaluate(AXE):
                    say(what)
            if screenshots:
                page.screenshot(
                    path=f"{screenshots}/{current.replace('/', '-').removesuffix('.html')}-{width}-{theme}.png"
                )
        current = "search and theme"
        use_the_site(page, address, say)
        browser.close()
    return problems, weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="*", help="these only, as attention.html")
    parser.add_argument(
        "--screenshots",
        metavar="FOLDER",
        default="",
        help="also take a picture of the top of every page",
    )
    arguments = parser.parse_args()
    import axe_playwright_python
    from playwright.sync_api import sync_playwright

    parsed = {
        path.relative_to(SITE).as_posix(): Parsed(path.read_text(encoding="utf-8"))
        for path in sorted(SITE.rglob("*.html"))
    }
    if not parsed:
        sys.exit("_docs/ has no pages: run `python tools/build_site.py` first")
    browser_path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as play:
        if not browser_path and not os.path.exists(play.chromium.executable_path):
            sys.exit(
                "no browser: install Chromium (`apt-get install chromium` or `playwright install chromium`)"
            )
    if arguments.screenshots:
        Path(arguments.screenshots).mkdir(parents=True, exist_ok=True)
    axe = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(
        encoding="utf-8"
    )
    names = arguments.pages or list(parsed)
    problems = site_problems(parsed)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    with ProcessPoolExecutor(min(len(VIEWS), os.cpu_count())) as pool:
        # axe once wide and once narrow, once light and once dark
        runs = [
            pool.submit(
                look_at,
                view,
                names,
                address,
                browser_path,
                axe if view in VIEWS[:2] else "",
                arguments.screenshots,
            )
            for view in VIEWS
        ]
        weights = {}
        for run in runs:
            found, heavy = run.result()
            problems += found
            weights |= {
                name: max(size, weights.get(name, 0)) for name, size in heavy.items()
            }
    server.shutdown()
    for name, size in weights.items():
        limit = built_by()["limit"]
        limit = max(limit, HEAVIER.get(name.removeprefix("zh/"), 0))
        if name.startswith("zh/"):
            limit *= 1.1  # a Chinese character has three bytes
        if size > limit:
            problems.append(
                f"{name}: the first view weighs {size:,} bytes, over {limit:,.0f}"
            )
    print("\n".join(problems))
    heaviest = max(weights, key=weights.get)
    middle = sorted(weights.values())[len(weights) // 2]
    print(
        f"first views, compressed: {middle:,} bytes, at most {weights[heaviest]:,} ({heaviest})"
    )
    print(f"{len(names)} pages in {len(VIEWS)} views: {len(problems)} problems")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
