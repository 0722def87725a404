"""The explorer against PyTorch, in Chromium: `python tools/check_explore.py [--screenshots FOLDER] [--run RUN] [--large]`.

The model in JavaScript must give the logits, the texts, the bits and the token ids that the package gives with the same rounded
weights; the page must work at every width, in both themes, by keyboard, from a server and from a file, and say plainly what is
wrong with a broken folder. Ends with a table of what was compared and how fast it was. Needs Chromium and the `dev` extra.
"""

import argparse
import base64
import json
import os
import random
import shutil
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from threading import Thread

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn

from transformer_scratch.checkpoint import load_model
from transformer_scratch.commands import explore
from transformer_scratch.data import TokenDataset
from transformer_scratch.generation import stream_tokens
from transformer_scratch.model import GPT, count_parameters
from transformer_scratch.support.config import (
    PRESETS,
    GPTConfig,
    SamplingConfig,
    UsageError,
)
from transformer_scratch.tokenizer import (
    CharTokenizer,
    CompactTokenizer,
    load_tiktoken,
    train_bpe,
)
from transformer_scratch.training import evaluate_loss

LARGEST = (
    130_000_000  # weights of a preset that is compared; GPT-2's smallest has 124,439,808
)
TOLERANCE = 1e-3  # between logits
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)

# What runs in the page. `modelParts` and `tokenizerParts` are its own functions.
LOGITS = """async ({config, path, ids, headsOff, blocksOff}) => {
  const {readTensors, GPT} = modelParts();
  const weights = await (await fetch(path)).arrayBuffer();
  const model = new GPT(config, readTensors(weights));
  const look = {headsOff: new Set(headsOff), blocksOff: new Set(blocksOff)};
  const cache = model.newCache();
  const half = ids.length >> 1; // one half at once, the other token by token
  const states = half ? [...model.hiddenStates(ids.slice(0, half), cache, look)] : [];
  for (const id of ids.slice(half)) states.push(...model.hiddenStates([id], cache, look));
  const bytes = new Uint8Array(model.logits(Float32Array.from(states), ids.length).buffer);
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
}"""
TOKENS = """async ({path, strings}) => {
  const tokenizer = tokenizerParts().makeTokenizer(await (await fetch(path)).json());
  return strings.map((text) => {
    const ids = tokenizer.encode(text);
    const inner = tokenizer.decode(ids.slice(1, -1)); // perhaps cut inside of characters
    return {ids, inner, unassigned: [...text].filter((one) => /\\p{Cn}/u.test(one)).length};
  });
}"""
SAMPLED = """async ({folder, ids, sampling, randoms}) => {
  const {readTensors, GPT, ContextWindow, nextTokenProbabilities, draw} = modelParts();
  const config = await (await fetch(`${folder}/config.json`)).json();
  const weights = await (await fetch(`${folder}/model.safetensors`)).arrayBuffer();
  const text = new ContextWindow(new GPT(config.model, readTensors(weights)));
  text.set(ids);
  return randoms.map((random) => {
    const id = draw(nextTokenProbabilities(text.nextLogits(), sampling), random);
    text.tokenIds.push(id);
    return id;
  });
}"""
SURPRISE = """async ({folder, ids}) => {
  const {readTensors, GPT, surprises} = modelParts();
  const config = await (await fetch(`${folder}/config.json`)).json();
  const weights = await (await fetch(`${folder}/model.safetensors`)).arrayBuffer();
  return [...surprises(new GPT(config.model, readTensors(weights)), ids)].reduce((sum, bits) => sum + bits, 0);
}"""
SPEED = """async ({config, path}) => {
  const {readTensors, GPT, ContextWindow, nextTokenProbabilities, draw} = modelParts();
  const text = new ContextWindow(new GPT(config, readTensors(await (await fetch(path)).arrayBuffer())));
  text.set([1, 2, 3, 4, 5]);
  const begun = performance.now();
  let logits = text.nextLogits();
  window.writeTokens = (n) => {
    const begun = performance.now();
    for (let i = 0; i < n; i++) {
      text.tokenIds.push(draw(nextTokenProbabilities(logits, {temperature: 0.8, top_k: 40, top_p: 1}), Math.random()));
      logits = text.nextLogits();
    }
    return (performance.now() - begun) / 1000;
  };
  return performance.now() - begun;
}"""
LOOK = """() => {
  const found = [];
  if (document.documentElement.scrollWidth > innerWidth) {
    const wide = [...document.querySelectorAll("main *")].filter((one) => one.getBoundingClientRect().right > innerWidth);
    found.push(`scrolls sideways: ${wide.slice(0, 3).map((one) => one.outerHTML.slice(0, 80))}`);
  }
  const problem = document.querySelector(".problem")?.textContent;
  if (problem) found.push(problem);
  return found;
}"""
AXE = """async () => (await axe.run(document, {resultTypes: ["violations"]})).violations
  .map((one) => `axe: ${one.id}: ${one.help}: ${one.nodes.length} times, as ${one.nodes[0].html.slice(0, 150)}`)"""


# ---- Models and texts to compare ----


def random_config(chance: random.Random) -> GPTConfig:
    """Any architecture that `GPTConfig` can say, small."""
    n_heads = chance.choice([1, 2, 3, 4, 6])
    divisors = [n for n in range(1, n_heads + 1) if n_heads % n == 0]
    return GPTConfig(
        vocab_size=chance.randint(3, 300),
        context_length=chance.randint(2, 40),
        d_model=n_heads * chance.choice([2, 4, 6, 10, 16]),
        n_layers=chance.randint(1, 4),
        n_heads=n_heads,
        n_kv_heads=chance.choice([None, *divisors]),
        d_ff=chance.choice([None, chance.randint(1, 50)]),
        qk_norm=chance.random() < 0.5,
        activation=chance.choice(["relu", "gelu", "gelu_tanh", "relu_squared", "swiglu"]),
        norm=chance.choice(["layernorm", "rmsnorm"]),
        norm_eps=chance.choice([1e-5, 1e-6]),
        position=chance.choice(["sinusoidal", "learned", "rope"]),
        rope_base=chance.choice([100.0, 10000.0, 500000.0]),
        qkv_bias=chance.random() < 0.5,
        linear_bias=chance.random() < 0.5,
        output_bias=chance.random() < 0.5,
        tie_embeddings=chance.random() < 0.5,
    )


def lively_model(config: GPTConfig) -> GPT:
    """Random weights, large enough that every part of the model shows in its logits; no bias is zero."""
    model = GPT(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 1:
                parameter.add_(torch.randn_like(parameter), alpha=0.3)
            else:
                parameter.mul_(4 if config.d_model < 200 else 1)
    return model


def with_rounded_weights(model: GPT, number_format: str) -> tuple[GPT, bytes]:
    """A model that computes with the rounded weights, and the file of them."""
    rounded = explore.rounded_weights(model, number_format)
    weights = explore.restored_weights(rounded)
    if model.config.tie_embeddings:
        weights["output.weight"] = weights["token_embedding.weight"]
    copy = GPT(model.config).eval()
    copy.load_state_dict(weights)
    return copy, save(rounded)


def switched_off(model: GPT, chance: random.Random) -> tuple[list[str], list[int]]:
    """Switch a head off, and in a deeper model a block: heads by empty columns, a block by leaving it out."""
    config = model.config
    layer, head = chance.randrange(config.n_layers), chance.randrange(config.n_heads)
    columns = slice(head * config.d_head, (head + 1) * config.d_head)
    with torch.no_grad():
        model.blocks[layer].attention.output.weight[:, columns] = 0
    blocks_off = [chance.randrange(config.n_layers)] if config.n_layers > 1 else []
    kept = [block for number, block in enumerate(model.blocks) if number not in blocks_off]
    model.blocks = nn.ModuleList(kept)
    return [f"{layer}.{head}"], blocks_off


def random_strings(chance: random.Random, text: str, n: int = 3000) -> list[str]:
    """Strings with everything that has been trouble somewhere."""
    pieces = [
        " ",
        "  ",
        "\n",
        "\r\n",
        "\t",
        "   ",
        "'s",
        "'S",
        "'\u017f",
        "'LL",
        "'re",
        "1234567",
    ]
    pieces += ["<|endoftext|>", "\u3000", "\u0085", "\ufeff", "\u00e9", "e\u0301", "\u212a"]
    pieces += ["👩‍👩‍👧", "🇨🇳", "，", "世界", "你好。", "한글", "हिन्दी", "ไทย", "שלום"]
    ranges = [(32, 127), (0xA0, 0x370), (0x370, 0x600), (0x900, 0xA00), (0x1100, 0x1200)]
    ranges += [(0x2000, 0x2070), (0x3000, 0x3100), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3)]
    ranges += [(0x1F300, 0x1FAFF), (0xFE00, 0xFF00), (0x10000, 0x10FFFF), (0x300, 0x370)]
    strings = []
    for _ in range(n):
        parts = []
        for _ in range(chance.randint(0, 30)):
            kind = chance.random()
            if kind < 0.25:
                parts.append(chance.choice(pieces))
            elif kind < 0.45:
                start = chance.randrange(len(text) - 20)
                parts.append(text[start : start + chance.randint(1, 15)])
            else:
                code = chance.randrange(*chance.choice(ranges))
                parts.append("" if 0xD800 <= code < 0xE000 else chr(code))
        strings.append("".join(parts))
    return strings


# ---- The proofs: each gives lines of a table, and says what is wrong ----


class Proof:
    """The browser's page, the files that it can fetch, and what was found."""

    def __init__(self, page, contents: dict[str, bytes]):
        self.page, self.contents = page, contents
        self.rows: list[tuple[str, str]] = []
        self.problems: list[str] = []

    def tell(self, what: str, value: str) -> None:
        self.rows.append((what, value))
        print(f"{what:58} {value}", flush=True)

    def check(self, condition: bool, problem: str) -> None:
        if not condition:
            self.problems.append(problem)
            print(f"WRONG: {problem}", flush=True)

    def logits(
        self, config: GPTConfig, weights: bytes, ids: list[int], off=((), ())
    ) -> Tensor:
        """The logits that the page computes, (T, V)."""
        self.contents["test.safetensors"] = weights
        question = {"config": asdict(config), "path": "test.safetensors", "ids": ids}
        question |= {"headsOff": list(off[0]), "blocksOff": list(off[1])}
        answer = base64.b64decode(self.page.evaluate(LOGITS, question))
        return torch.from_numpy(np.frombuffer(answer, dtype=np.float32).copy()).view(
            len(ids), -1
        )


@torch.no_grad()
def compare_logits(
    proof: Proof, name: str, config: GPTConfig, number_format: str, n: int
) -> float:
    """One architecture; its largest difference."""
    model = lively_model(config)
    same, weights = with_rounded_weights(model, number_format)
    ids = torch.randint(config.vocab_size, (min(n, config.context_length),))
    expected = same(ids[None])[0]
    rounding = (model(ids[None])[0] - expected).abs().max().item()
    found = (proof.logits(config, weights, ids.tolist()) - expected).abs().max().item()
    proof.check(found < TOLERANCE, f"{name} in {number_format}: logits differ by {found}")
    if n < 100:
        largest = expected.abs().max().item()
        proof.tell(
            f"logits of {name} ({count_parameters(model):,} weights, {number_format})",
            f"differ by {found:.1e} of {largest:.1f}; rounding alone by {rounding:.1e}",
        )
    return found


@torch.no_grad()
def prove_logits(proof: Proof) -> None:
    """All presets that fit, 40 random architectures, and parts switched off."""
    for number, (name, preset) in enumerate(PRESETS.items()):
        config = replace(preset.model, dropout=0.0, embedding_dropout=0.0)
        if count_on_paper(config) <= LARGEST:
            large = count_on_paper(config) > 50_000_000
            number_format = "int8" if number % 2 or large else "float16"
            compare_logits(proof, name, config, number_format, 6 if large else 12)
    chance = random.Random(1)
    configs = [random_config(chance) for _ in range(40)]
    worst = 0.0
    for number, config in enumerate(configs):
        number_format = ("float16", "int8")[number % 2]
        worst = max(worst, compare_logits(proof, str(config), config, number_format, 1000))
    proof.tell("logits of 40 random architectures", f"differ by {worst:.1e} at most")
    worst, least = 0.0, float("inf")
    for config in configs:
        model, weights = with_rounded_weights(lively_model(config), "int8")
        ids = torch.randint(config.vocab_size, (config.context_length,))
        before = model(ids[None])[0]
        off = switched_off(model, chance)
        expected = model(ids[None])[0]
        found = proof.logits(config, weights, ids.tolist(), off)
        worst = max(worst, (found - expected).abs().max().item())
        least = min(least, (expected - before).abs().max().item())
    proof.check(worst < TOLERANCE, f"with parts switched off, logits differ by {worst}")
    proof.check(least > TOLERANCE, f"switching off changes nothing: {least}")
    proof.tell("the same with a head and a block off", f"differ by {worst:.1e} at most")


def count_on_paper(config: GPTConfig) -> int:
    """About how many weights a model has, without making it."""
    width = config.d_model
    n_matrices = 3 if config.activation == "swiglu" else 2
    block = width * (4 * width + n_matrices * config.feedforward_width)
    embeddings = config.vocab_size * (1 if config.tie_embeddings else 2)
    return width * (embeddings + config.context_length) + config.n_layers * block


def prove_tokens(proof: Proof, text: str) -> None:
    """The same ids, and the same text back, from every kind of tokenizer."""
    strings = random_strings(random.Random(2), text)
    tokenizers = {
        "char": CharTokenizer.from_text("".join(strings)),
        "bpe": train_bpe(text, 1500),
    }
    try:
        tokenizers |= {
            "gpt2": load_tiktoken("gpt2"),
            "cl100k_base": load_tiktoken("cl100k_base"),
        }
        tokenizers["compact"] = CompactTokenizer.from_text(tokenizers["cl100k_base"], text)
    except UsageError as error:
        proof.tell("ids of gpt2, cl100k_base and compact", f"not compared: {error}")
    for name, tokenizer in tokenizers.items():
        proof.contents["test.json"] = json.dumps(
            explore.describe_tokenizer(tokenizer)
        ).encode()
        answers = proof.page.evaluate(TOKENS, {"path": "test.json", "strings": strings})
        different = excepted = 0
        for string, answer in zip(strings, answers, strict=True):
            ids = tokenizer.encode(string)
            if answer["ids"] == ids and answer["inner"] == tokenizer.decode(ids[1:-1]):
                continue
            newer = answer["unassigned"] or any(
                unicodedata.category(one) == "Cn" for one in string
            )
            different, excepted = different + (not newer), excepted + bool(newer)
        proof.check(different == 0, f"{name}: {different} strings have other ids")
        exceptions = (
            f"; {excepted} with characters that one side does not know" if excepted else ""
        )
        proof.tell(
            f"ids of {name}, {len(strings):,} strings", f"{different} differ{exceptions}"
        )


@torch.no_grad()
def prove_samples(proof: Proof, model: GPT, tokenizer) -> None:
    """The same texts for the same random numbers, past the end of the context."""
    model, _ = with_rounded_weights(model, "int8")
    n = 3 * model.config.context_length
    ids = tokenizer.encode(explore.beginning(tokenizer)) or [0]
    settings = [
        (0.0, None, None),
        (0.8, 40, None),
        (1.0, None, 0.9),
        (1.2, 100, 0.95),
        (1.0, None, None),
    ]
    same = 0
    for seed, (temperature, top_k, top_p) in enumerate(settings):
        sampling = SamplingConfig(
            temperature=temperature, top_k=top_k, top_p=top_p, max_new_tokens=n, seed=seed
        )
        expected = [
            one.item() for one in stream_tokens(model, torch.tensor([ids]), sampling)
        ]
        generator = torch.Generator().manual_seed(seed)
        randoms = [torch.rand(1, 1, generator=generator).item() for _ in range(n)]
        question = {"temperature": temperature, "top_k": top_k, "top_p": top_p or 1}
        question = {
            "folder": "runs/0",
            "ids": ids,
            "sampling": question,
            "randoms": randoms,
        }
        found = proof.page.evaluate(SAMPLED, question)
        same += found == expected
        proof.check(found == expected, f"another text with {sampling}")
    proof.tell(
        f"texts of {n} tokens, same random numbers",
        f"{same} of {len(settings)} are the same",
    )


def prove_surprise(proof: Proof, model: GPT, tokenizer, text: str) -> None:
    """Bits per byte as `evaluate` measures them, over many windows."""
    model, _ = with_rounded_weights(model, "int8")
    ids = tokenizer.encode(text[:6000])
    expected = evaluate_loss(
        model, TokenDataset(ids, model.config.context_length), tokenizer
    )
    n_bytes = sum(len(tokenizer.token_bytes(one)) for one in ids[1:])
    found = proof.page.evaluate(SURPRISE, {"folder": "runs/0", "ids": ids}) / n_bytes
    proof.check(
        abs(found - expected.bits_per_byte) < 1e-5, f"bits per byte: {found}, {expected}"
    )
    proof.tell(
        f"bits per byte of {len(ids):,} tokens",
        f"{found:.6f}, by evaluate {expected.bits_per_byte:.6f}",
    )


def measure_speed(proof: Proof, large: bool) -> None:
    """How fast the page's own functions are, with random weights of a preset's shape: by the clock, and by the processor's time,
    which says more on a busy machine."""
    session = proof.page.context.new_cdp_session(proof.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def processor_time() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in metrics if one["name"] == "TaskDuration")

    names = [("laptop", "float16", 100), ("laptop", "int8", 100)] + [
        ("gpt2", "int8", 16)
    ] * large
    for name, number_format, n in names:
        config = replace(PRESETS[name].model, dropout=0.0)
        proof.contents["test.safetensors"] = save(
            explore.rounded_weights(GPT(config), number_format)
        )
        first = proof.page.evaluate(
            SPEED, {"config": asdict(config), "path": "test.safetensors"}
        )
        before = processor_time()
        seconds = proof.page.evaluate("writeTokens", n)
        busy = processor_time() - before
        megabytes = len(proof.contents["test.safetensors"]) / 1e6
        proof.tell(
            f"speed of {name}, {number_format} ({megabytes:.0f} MB, random weights)",
            f"{n / seconds:.1f} tokens a second ({n / busy:.1f} of processor time), first after {first:.0f} ms",
        )


# ---- The page, as a reader uses it ----


def use_the_page(page, address: str, say) -> None:
    """By keyboard alone: type, choose a token, cut, move a slider, switch a head off."""
    page.set_default_timeout(120_000)  # a busy machine
    page.goto(address)
    page.wait_for_selector("[data-ready]")
    area = page.locator("textarea")
    guesses = lambda: page.locator(".next .bars").inner_text()  # noqa: E731
    area.focus()
    page.keyboard.press("End")
    page.keyboard.type(" you")
    page.wait_for_function("document.querySelector('.tokens').innerText.endsWith('you')")
    page.wait_for_timeout(300)
    n_tokens = page.locator(".tokens button").count()
    page.locator(".next .bars button").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_function(
        "n => document.querySelectorAll('.tokens button').length > n", arg=n_tokens
    )
    page.locator(".tokens button").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('.tokens button').length === 2")
    if page.evaluate("document.activeElement.closest('.tokens') === null"):
        say("the keyboard loses its place after a cut")
    before = guesses()
    page.locator(".next input[type=range]").first.focus()
    for _ in range(8):
        page.keyboard.press("ArrowLeft")
    page.wait_for_function(
        "old => document.querySelector('.next .bars').innerText !== old", arg=before
    )
    before = guesses()
    page.locator(".attention input[type=checkbox]").last.focus()
    page.keyboard.press("Space")
    page.wait_for_function(
        "old => document.querySelector('.next .bars').innerText !== old", arg=before
    )
    page.keyboard.press("Space")
    page.locator(".text button.main").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('.tokens button').length > 8")
    page.keyboard.press("Enter")
    page.locator(".compare select").select_option("1")
    page.wait_for_function("document.querySelectorAll('.pair ol').length === 2")
    page.locator(".compare button").press("Enter")
    page.wait_for_function(
        "[...document.querySelectorAll('.written')].filter((one) => one.innerText.length > 20).length === 2"
    )


def prove_page(play, browser_path: str | None, address: str, screenshots: str) -> list[str]:
    """All widths and themes: errors, requests elsewhere, sideways scrolling, accessibility, the keyboard."""
    import axe_playwright_python

    axe = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(
        encoding="utf-8"
    )
    problems = []
    inside = (address, "data:", "blob:")
    for width, theme in ((1280, "light"), (390, "dark"), (390, "light"), (1280, "dark")):

        def say(what: str, view: str = f"{width} pixels, {theme}") -> None:
            problems.append(f"{view}: {what}")

        browser = launch(play, browser_path)
        page = browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme=theme
        )
        page.on(
            "request",
            lambda it, say=say: it.url.startswith(inside) or say(f"asks for {it.url}"),
        )
        page.on(
            "console",
            lambda it, say=say: (
                it.type in ("error", "warning") and say(f"in the console: {it.text}")
            ),
        )
        page.on("pageerror", lambda error, say=say: say(f"a script fails: {error}"))
        use_the_page(page, address, say)
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": width, "height": height})
        page.wait_for_function(
            "document.querySelector('.total').textContent.includes('bits per byte')"
        )
        page.wait_for_timeout(500)
        for what in page.evaluate(LOOK):
            say(what)
        page.evaluate(axe)
        for what in page.evaluate(AXE):
            say(what)
        if screenshots:
            page.screenshot(path=f"{screenshots}/explore-{width}-{theme}.png")
        browser.close()
    return problems


def prove_refusals(play, browser_path: str | None, contents: dict[str, bytes]) -> list[str]:
    """Folders that are broken or foreign get one plain sentence."""
    cases = {
        "no runs.json": {"runs.json": None},
        "weights cut short": {
            "runs/0/model.safetensors": contents["runs/0/model.safetensors"][:5000]
        },
        "no weights": {"runs/0/model.safetensors": None},
        "another model's shape": {
            "runs/0/config.json": contents["runs/0/config.json"].replace(
                b'"d_model": 128', b'"d_model": 64'
            )
        },
        "no tokenizer": {"runs/0/tokenizer.json": b'{"kind": "strange"}'},
    }
    problems = []
    browser = launch(play, browser_path)
    for name, changes in cases.items():
        changed = {
            path: content
            for path, content in (contents | changes).items()
            if content is not None
        }
        with served(changed) as address:
            page = browser.new_page()
            page.goto(address)
            page.wait_for_function("document.querySelector('.problem')?.textContent")
            sentence = page.inner_text(".problem")
            page.close()
        plain = "No model can be shown" in sentence and not any(
            word in sentence for word in ("undefined", "JSON", "null")
        )
        if not plain or len(sentence) > 120:
            problems.append(f"{name}: {sentence}")
    browser.close()
    return problems


def prove_file(play, browser_path: str | None, contents: dict[str, bytes]) -> list[str]:
    """A written folder, opened without any server."""
    problems = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "page")
        explore.write_folder(explore.as_scripts(contents), folder)
        browser = launch(play, browser_path)
        page = browser.new_page()
        page.on("pageerror", lambda error: problems.append(f"from a file: {error}"))
        page.goto((folder / "index.html").as_uri())
        page.wait_for_selector("[data-ready]")
        page.wait_for_selector(".next .bars button")
        problems += [f"from a file: {what}" for what in page.evaluate(LOOK)]
        browser.close()
    return problems


def launch(play, browser_path: str | None):
    """A browser that reaches nothing but this machine."""
    offline = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    return play.chromium.launch(
        executable_path=browser_path, args=["--no-sandbox", offline]
    )


class served:
    """A server of these files while the block runs."""

    def __init__(self, contents: dict[str, bytes]):
        self.server = explore.make_server(contents, port=0)

    def __enter__(self) -> str:
        Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}/"

    def __exit__(self, *_) -> None:
        self.server.shutdown()
        self.server.server_close()


def texts_of(model: GPT, tokenizer) -> Iterator[str]:
    """Text to measure: the documentation of Python's language, which is always there."""
    from pydoc_data.topics import topics

    yield "\n".join(topics.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--run", default="", help="a run to show; without it the one of the site"
    )
    parser.add_argument(
        "--screenshots", metavar="FOLDER", default="", help="also take pictures"
    )
    parser.add_argument("--large", action="store_true", help="also time the shape of GPT-2")
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright
    from site_explorer import site_run

    torch.manual_seed(0)
    begun = time.time()
    model, tokenizer = load_model(arguments.run or site_run())
    text = next(texts_of(model, tokenizer))
    if arguments.screenshots:
        Path(arguments.screenshots).mkdir(parents=True, exist_ok=True)
    models = {
        "a trained model": (model, tokenizer),
        "random weights": (GPT(model.config).eval(), tokenizer),
    }
    contents = explore.explorer_files(models, "int8")
    page_bytes = sum(map(len, explore.page_files().values()))
    browser_path = next(filter(None, map(shutil.which, BROWSERS)), None)
    with sync_playwright() as play:
        if not browser_path and not os.path.exists(play.chromium.executable_path):
            sys.exit(
                "no browser: install Chromium (`apt-get install chromium` or `playwright install chromium`)"
            )
        with served(contents) as address:
            browser = launch(play, browser_path)
            page = browser.new_page()
            page.set_default_timeout(300_000)
            page.goto(address)
            page.wait_for_selector("[data-ready]")
            proof = Proof(page, contents)
            proof.tell("page, style and scripts", f"{page_bytes:,} bytes")
            prove_logits(proof)
            prove_tokens(proof, text)
            prove_samples(proof, model, tokenizer)
            prove_surprise(proof, model, tokenizer, text)
            measure_speed(proof, arguments.large)
            browser.close()
            for path in ("test.safetensors", "test.json"):
                contents.pop(path, None)
            proof.problems += prove_page(play, browser_path, address, arguments.screenshots)
        proof.problems += prove_refusals(play, browser_path, contents)
        proof.problems += prove_file(play, browser_path, contents)
    print("\n".join(proof.problems))
    print(
        f"{len(proof.rows)} comparisons, {len(proof.problems)} problems, {time.time() - begun:.0f} s"
    )
    sys.exit(bool(proof.problems))


if __name__ == "__main__":
    main()
