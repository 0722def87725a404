"""The site in `_docs/`: `python tools/build_site.py [--pandoc] [--serve [PORT]]`.

With Quarto on the PATH it makes the pages (`quarto_site.py`). Without, pandoc makes the same pages from the same notebooks and the same
`_quarto.yml` (`pandoc_site.py`). Either way nbdev processes the notebooks, `site_pages.py` decorates them,
`api_reference.py` describes the exported names, `chinese_site.py` makes the Chinese pages below `/zh/`, and the result is checked: a page without a title or outside the
sidebar, a broken link or anchor, a formula that cannot be read, an image without alt text, and a script, style, font or
picture from elsewhere end the build with their names.
"""

import argparse
import functools
import inspect
import os
import shutil
import sys
import warnings
import webbrowser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import api_reference
import chinese_site
import math_font
import pandoc_site
import quarto_site
import site_pages
import site_pictures
import yaml
from site_checks import GENERATED, NBS, PROCESSED, ROOT, SITE
from site_checks import listed, make_local, site_problems, source_problems
from site_explorer import write_explorer


def config() -> dict:
    """`_quarto.yml`, with what nbdev adds to it from settings.ini."""
    settings = yaml.safe_load((ROOT / "_quarto.yml").read_text(encoding="utf-8"))
    for more in settings["metadata-files"]:
        for key, value in yaml.safe_load((NBS / more).read_text(encoding="utf-8")).items():
            settings[key] = value | settings.get(key, {})
    return settings


evaluated_annotations = inspect.get_annotations


def readable_annotations(symbol, *, eval_str: bool = False, **options) -> dict:
    """Annotations, as text where they name what only type checkers import."""
    try:
        return evaluated_annotations(symbol, eval_str=eval_str, **options)
    except NameError:
        return evaluated_annotations(symbol, **options)


def process_notebooks(website: dict) -> None:
    """nbdev's processing, which runs only imports and exports, and then our own."""
    from nbdev import doclinks, serve, showdoc

    doclinks._build_modidx()
    showdoc.BasicMarkdownRenderer._repr_markdown_ = api_reference.entry
    inspect.get_annotations = readable_annotations
    warnings.filterwarnings(
        "ignore", message="Found cells containing imports and other code"
    )
    try:
        serve.proc_nbs(n_workers=0, force=True)
    except Exception as error:
        sys.exit(
            f"{error}\n{error.__cause__!r}\nTo build the site nbdev runs imports and exported "
            "cells alone: give imports a cell of their own."
        )
    names = api_reference.names_page()
    (PROCESSED / GENERATED[0]).write_text(names, encoding="utf-8")
    site_pages.decorate_all(PROCESSED, listed(website["sidebar"]["contents"]), website)


def serve(port: int) -> None:
    """The built site at http://localhost:PORT/, in the browser, until Ctrl-C."""
    handler = functools.partial(SimpleHTTPRequestHandler, directory=SITE)
    with ThreadingHTTPServer(("localhost", port), handler) as server:
        print(
            f"The site is at http://localhost:{server.server_port}/ until you press Ctrl-C.",
            flush=True,
        )
        webbrowser.open(f"http://localhost:{server.server_port}/")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    preview = {
        "action": "store_true",
        "help": "the stand-in, even where Quarto is installed",
    }
    parser.add_argument("--pandoc", **preview)
    show = {"metavar": "PORT", "nargs": "?", "type": int, "const": 8000}
    parser.add_argument("--serve", **show, help="then show it in the browser")
    arguments = parser.parse_args()
    os.chdir(ROOT)
    from nbdev.quarto import refresh_quarto_yml

    if not os.path.samefile("_quarto.yml", "nbs/_quarto.yml"):  # where links are files
        shutil.copy("_quarto.yml", "nbs/_quarto.yml")
    refresh_quarto_yml()
    settings = config()
    website = settings["website"]
    problems = source_problems(website)
    if problems:
        sys.exit("\n".join(problems))
    process_notebooks(website)
    with_quarto = bool(shutil.which("quarto")) and not arguments.pandoc
    if with_quarto:
        quarto_site.build(listed(website["sidebar"]["contents"]))
    else:
        pandoc_site.build(settings)
    shutil.copytree(NBS / "companions", SITE / "companions", dirs_exist_ok=True)
    write_explorer(SITE / "explore")
    chinese_site.build(settings, with_quarto)
    site_pictures.lighten(SITE)
    math_font.write_font(SITE)
    parsed = make_local(website["site-url"])
    problems = site_problems(parsed)
    print(*problems, sep="\n")
    builder = "Quarto" if with_quarto else "pandoc"
    print(
        f"_docs/: {len(parsed)} pages, made with {builder}; {len(problems)} problems",
        flush=True,
    )
    if arguments.serve is not None:
        serve(arguments.serve)
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
