"""The small things to touch inside chapters, in Chromium: `python tools/check_companions.py [--screenshots FOLDER]`.

The merges of the BPE stepper must be those of `learn_merges`, the weights of the attention sandbox those of chapter 4's function; both must
work by keyboard, at every width and in both themes. Needs Chromium and the `dev` extra.
"""

import argparse
import random
import shutil
import sys
from collections import Counter
from pathlib import Path

import regex
import torch
from check_explore import AXE, BROWSERS, LOOK, launch, random_strings, served

from transformer_scratch.attention import causal_mask, scaled_dot_product_attention
from transformer_scratch.tokenizer import GPT2_SPLIT_PATTERN, learn_merges

FOLDER = Path(__file__).resolve().parent.parent / "nbs" / "companions"
PAGE = b"""<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Companions</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,"><link rel="stylesheet" href="companions.css">
<style>body { font-family: system-ui; background: light-dark(#fff, #15191e); color: light-dark(#1f262d, #d9dee4); }</style></head>
<body><main><h1>Companions</h1><h2>Two</h2><h3>Together</h3>
<div class="companion bpe-stepper"></div><div class="companion attention-sandbox"></div></main>
<script src="bpe_stepper.js"></script><script src="attention_sandbox.js"></script></body></html>"""


def prove_merges(page) -> list[str]:
    """The same pairs in the same order, for prose, for Chinese, and for texts full of ties and overlaps."""
    from pydoc_data.topics import topics

    text = "\n".join(topics.values())
    chance = random.Random(3)
    texts = [
        text[:20_000],
        "春天的花开了，春天的风来了。夏天的雨来了。" * 9,
        "aaaaaaa aaaa aa",
        "",
    ]
    texts += ["".join(chance.choices("ab ", k=40)) for _ in range(200)]
    texts += random_strings(chance, text, 50)
    wrong = 0
    for one in texts:
        pieces = Counter(regex.findall(GPT2_SPLIT_PATTERN, one))
        expected = learn_merges(pieces, 60)
        found = page.evaluate("text => learnMerges(text, 60)", one)
        wrong += found != [list(pair) for pair in expected]
    print(f"merges of {len(texts)} texts: {wrong} differ")
    return [f"merges of {wrong} texts differ from learn_merges"] if wrong else []


def prove_weights(page) -> list[str]:
    """The weights of random queries and keys, with the mask before the softmax, and with each slip."""
    worst = 0.0
    for seed in range(50):
        torch.manual_seed(seed)
        queries, keys = 2 * torch.randn(2, 1, 1, 6, 2)
        triangle = causal_mask(6)
        masked = scaled_dot_product_attention(queries, keys, keys, triangle)[1][0, 0]
        free = scaled_dot_product_attention(queries, keys, keys)[1][0, 0]
        bare = scaled_dot_product_attention(2**0.5 * queries, keys, keys, triangle)[1][0, 0]
        cases = [("before", True, masked), ("none", True, free)]
        cases += [("after", True, free * triangle), ("before", False, bare)]
        for mask, scale, expected in cases:
            question = [
                queries[0, 0].tolist(),
                keys[0, 0].tolist(),
                {"mask": mask, "scale": scale},
            ]
            found = page.evaluate(
                "([queries, keys, how]) => attentionWeights(queries, keys, how)", question
            )
            worst = max(worst, (torch.tensor(found) - expected).abs().max().item())
    print(f"attention weights of 200 cases: differ by {worst:.1e} at most")
    return [f"attention weights differ by {worst}"] if worst > 1e-5 else []


def use_them(page, say) -> None:
    """By keyboard: two merges; move a query, turn the mask behind the softmax."""
    merge = page.locator(".bpe-stepper button").first
    facts = page.locator(".bpe-stepper .quiet").first
    before = facts.inner_text()
    merge.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    if facts.inner_text() == before or not page.locator(".bpe-stepper .next").count():
        say("the stepper does not merge")
    query = page.locator(".attention-sandbox .plane").first.locator(".query").last
    row = page.locator(".attention-sandbox table tr").nth(6)
    before = row.inner_text()
    query.focus()
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    if row.inner_text() == before:
        say("a query does not move by the arrow keys")
    if page.locator(".attention-sandbox .wrong").count():
        say("rows are red although nothing is wrong")
    page.locator(".attention-sandbox select").focus()
    page.locator(".attention-sandbox select").select_option("after")
    n_wrong = page.locator(".attention-sandbox .wrong:visible").count()
    if n_wrong != 5:
        say(f"the mask after the softmax makes {n_wrong} red rows of 5")
    page.locator(".attention-sandbox input").last.press("Space")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--screenshots", metavar="FOLDER", default="", help="also take pictures"
    )
    arguments = parser.parse_args()
    from axe_playwright_python import __file__ as axe_folder
    from playwright.sync_api import sync_playwright

    if arguments.screenshots:
        Path(arguments.screenshots).mkdir(parents=True, exist_ok=True)
    axe = Path(axe_folder).with_name("axe.min.js").read_text(encoding="utf-8")
    contents = {path.name: path.read_bytes() for path in FOLDER.iterdir()} | {
        "index.html": PAGE
    }
    browser_path = next(filter(None, map(shutil.which, BROWSERS)), None)
    problems = []
    with sync_playwright() as play, served(contents) as address:
        for width, theme in (
            (1000, "light"),
            (390, "dark"),
            (390, "light"),
            (1000, "dark"),
        ):

            def say(what: str, view: str = f"{width} pixels, {theme}") -> None:
                problems.append(f"{view}: {what}")  # noqa: B023

            browser = launch(play, browser_path)
            page = browser.new_page(
                viewport={"width": width, "height": 900}, color_scheme=theme
            )
            page.on(
                "console",
                lambda it, say=say: it.type in ("error", "warning") and say(it.text),
            )
            page.on("pageerror", lambda error, say=say: say(f"a script fails: {error}"))
            page.goto(address)
            if (width, theme) == (1000, "light"):
                problems += prove_merges(page) + prove_weights(page)
            use_them(page, say)
            for what in page.evaluate(LOOK):
                say(what)
            page.evaluate(axe)
            for what in page.evaluate(AXE):
                say(what)
            if arguments.screenshots:
                path = f"{arguments.screenshots}/companions-{width}-{theme}.png"
                page.screenshot(path=path, full_page=True)
            browser.close()
    print("\n".join(problems))
    print(f"companions: {len(problems)} problems")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
