"""Change one line of the core at a time: some page must notice. `python tools/mutants.py [--page NAME]`.

Each mutant is a text of an exported cell and what it is changed to. The page of that cell is run
with the change, in memory only; flagged cells are left out, as in the tests. A page that runs to
its end has not noticed: the mutant survives, and this program ends with exit code 1. So it does
when a text is no longer there, or there twice: then the list below is to be mended.

A page is run once. Where a cell has mutants, the process is forked for each of them, and the
child runs the changed cell and the rest of the page. That needs a system with `fork`.
"""

import argparse
import json
import os
import re
import signal
import sys
import time
import traceback
from contextlib import redirect_stdout
from pathlib import Path

NBS = Path(__file__).resolve().parent.parent / "nbs"
SECONDS = 300  # a mutant that is not at its end by then hangs, which is noticed too

MUTANTS = {
    "03_positions": [
        ("base ** (-even_columns / width)", "base ** (even_columns / width)"),
        ("base ** (-even_columns / width)", "base ** (-2 * even_columns / width)"),
        (
            'dtype=torch.float64, device="cpu")\n    frequencies',
            "dtype=torch.float64)\n    frequencies",
        ),
        ("table[:, 0::2] = angles.sin().float()", "table[:, 0::2] = angles.cos().float()"),
        ("torch.cat((-sines, sines), dim=-1)", "torch.cat((sines, -sines), dim=-1)"),
        ("if d_head % 2:", "if False:"),
        ("x.roll(x.size(-1) // 2, dims=-1)", "x.roll(1, dims=-1)"),
        ("(x * cos + partners * sin).to(x.dtype)", "x * cos + partners * sin"),
        ("return self.table[positions]", "return self.table[: len(positions)]"),
        (
            "sinusoidal_positions(context_length, d_model), persistent=False",
            "sinusoidal_positions(context_length, d_model), persistent=True",
        ),
    ],
    "04_attention": [
        (".tril(n_keys - n_queries)", ".tril()"),
        (".tril(n_keys - n_queries)", ".tril(n_keys - n_queries - 1)"),
        (
            "queries @ keys.mT / queries.size(-1) ** 0.5",
            "queries @ keys.mT / queries.size(-1)",
        ),
        ("attention_scores.masked_fill(~mask", "attention_scores.masked_fill(mask"),
        ("attention_scores.softmax(dim=-1)", "attention_scores.softmax(dim=-2)"),
        ("F.dropout(attention_weights, dropout) @ values", "attention_weights @ values"),
        ("keys.repeat_interleave(n_sharing, dim=1)", "keys.repeat(1, n_sharing, 1, 1)"),
        (
            ".unflatten(-1, (n_heads, -1)).transpose(1, 2)",
            ".unflatten(-1, (-1, n_heads)).permute(0, 3, 1, 2)",
        ),
        ("if d_model % n_heads or", "if"),
        ("if self.qk_norm:", "if False:"),
        ("if rope is not None:", "if False:"),
        (
            "mask = None\n        if not is_causal",
            "mask = None\n        if False and not is_causal",
        ),
        ("dropout_p=self.dropout if self.training else 0.0", "dropout_p=0.0"),
        ("dropout_p=self.dropout if self.training else 0.0", "dropout_p=self.dropout"),
        ("return F.dropout(output, self.dropout, self.training)", "return output"),
        ("is_causal = n_queries == n_keys", "is_causal = True"),
        ("weights.detach()", "weights"),
        ("layer.recording = None", "pass"),
        ("if keys.size(0) != batch_size:", "if False:"),
        ("if stop > capacity:", "if False:"),
        ("self.length = stop", "self.length = start"),
        ("layer.values = layer.values[indices]", "pass"),
        ("            layer.length = 0", "            pass"),
        ("self.keys[:, :, :stop].to(keys.dtype)", "self.keys[:, :, :stop]"),
    ],
    "05_model": [
        ('if config.norm == "rmsnorm":', "if False:"),
        ("eps=config.norm_eps, bias=config.linear_bias)", "eps=config.norm_eps)"),
        ("F.relu(x).square()", "F.relu(x)"),
        ("F.silu(gates) * values", "gates * values"),
        ('partial(F.gelu, approximate="tanh")', "F.relu"),
        ("self.dropout(self.down(", "(self.down("),
        ("x = x + self.attention(", "x = self.attention("),
        ("self.feed_forward(self.feed_forward_norm(x))", "self.feed_forward(x)"),
        ("std = 0.02 / (2 * n_layers) ** 0.5", "std = 0.02"),
        ("nn.init.zeros_(parameter)", "pass"),
        ("self.token_embedding.weight = self.output.weight", "pass"),
        ("persistent=False", "persistent=True"),
        ("if stop > self.config.context_length:", "if False:"),
        ("outside = (token_ids < 0) | (", "outside = ("),
        ("token_ids >= vocab_size", "token_ids > vocab_size"),
        ("self.recompute_blocks and cache is None and", "self.recompute_blocks and"),
        (
            "recompute = self.recompute_blocks",
            "recompute = False and self.recompute_blocks",
        ),
        ("x = self.embedding_dropout(x)", "x = x"),
        ("return self.final_norm(x)", "return x"),
        ("if type(model) is not GPT:", "if False:"),
        (
            'elif getattr(module, "activation", None)',
            'elif False and getattr(module, "activation", None)',
        ),
        (
            "counts = (target != -100).to(sum_dtype)",
            "counts = (target == target).to(sum_dtype)",
        ),
        (
            "scores = logits.to(sum_dtype).sub_(logits.amax(0))",
            "scores = logits.to(sum_dtype)",
        ),
        ("            if needs_weight:", "            if True:"),
        ("if torch.is_grad_enabled() and not compiling:", "if False:"),
        ("gradient - counts[:, None] * weight[target]", "gradient"),
        ("gradient.index_add_(0, target, counts, alpha=-1)", "pass"),
        ("if compiling or not upstream.is_cpu or upstream != 1:", "if False:"),
        ("divisor = 1 if divide_last else n_targets", "divisor = n_targets"),
        ('if reduction == "mean" else 1', "if True else 1"),
        (
            "checkpoint(losses_of_chunk, hidden, target, use_reentrant=False)",
            "losses_of_chunk(hidden, target)",
        ),
        ('positions or not name.endswith("positions.weight")', "True"),
        ('n_matrices = 3 if config.activation == "swiglu" else 2', "n_matrices = 2"),
        ("attention = 2 * T * D", "attention = T * D"),
    ],
    "06_optimization": [
        ("if parameter.requires_grad]", "if True]"),
        ("if parameter.ndim >= 2]", "if parameter.ndim >= 1]"),
        (
            '{"params": vectors, "weight_decay": 0.0}',
            '{"params": vectors, "weight_decay": weight_decay}',
        ),
        (
            "x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)",
            "x = x / (x.norm() + 1e-7)",
        ),
        ("x = matrix.mT if is_tall else matrix", "x = matrix"),
        ("beta=3.4445", "beta=3.0"),
        ("weight.grad.add(memory, alpha=momentum)", "memory.clone()"),
        ('weight.mul_(1 - group["lr"] * group["weight_decay"])', "pass"),
        ('heights = group["parts"] or [len(weight)]', "heights = [len(weight)]"),
        ("scale = max(1.0, height / width) ** 0.5", "scale = 1.0"),
        ("memory.mul_(momentum).add_(weight.grad)", "memory.copy_(weight.grad)"),
        ("if weight.ndim == 2 and weight.requires_grad:", "if weight.requires_grad:"),
        ("if parameter not in taken]", "if True]"),
        ("betas=(config.beta1, config.beta2)", "betas=(0.9, 0.999)"),
        ("lr=config.matrix_learning_rate", "lr=config.learning_rate"),
        ("(step + 1) / (warmup_iters + 1)", "step / (warmup_iters + 1)"),
        ("height = 0.5 * (1 + math.cos(math.pi * progress))", "height = 1 - progress"),
        ("progress = min(1.0, ", "progress = max(0.0, "),
        ("max(1.0, decay_fraction * max_iters)", "max_iters"),
        ("min(step**-0.5, step * warmup_iters**-1.5)", "step**-0.5"),
        ('if config.schedule == "cosine":', "if False:"),
        ('group["lr"] = peak * factor', 'group["lr"] = group["lr"] * factor'),
        ('group["lr"] = peak * factor', "pass"),
    ],
    "08_training": [
        ("training_step.train()  # dropout is on", "training_step.eval()"),
        ("set_learning_rate(optimizers, schedule(progress.step))", "pass"),
        ("loss = weight * training_step(*part)", "loss = training_step(*part)"),
        ("if gradient_clip:", "if False:"),
        ("        if watch:", "        if False:"),
        ("optimizer.zero_grad(set_to_none=True)", "pass"),
        (
            "return [part_count / total for part_count in counts]",
            "return [torch.tensor(1 / len(parts)) for _ in parts]",
        ),
        ("    model.eval()\n    try:", "    try:"),
        ("model.train(was_training)", "pass"),
        ("finite_norm = norm.nan_to_num(0.0, posinf=0.0)", "finite_norm = norm"),
    ],
    "09_generation": [
        ("k, logits.size(-1))", "k + 1, logits.size(-1))"),
        ("if p >= 1:", "if False:"),
        ("forbidden = likelier >= p", "forbidden = likelier > p"),
        ("forbidden[:, 0] = False", "pass"),
        ("logits = logits - logits.amax(-1, keepdim=True)", "pass"),
        ("    check_scores(logits)\n    if", "    if"),
        ("logits = logits / sampling.temperature", "pass"),
        ("if sampling.top_k is not None:", "if False:"),
        ("if sampling.top_p is not None:", "if False:"),
        ("            module.training = True", "            pass"),
        ("        module.training = False", "        pass"),
        ("check_token_ids(token_ids, vocab_size)", "pass"),
        ("-max(1, self.size // 2) :]", "-max(1, self.size - 1) :]"),
        ("self.cache.reset()", "pass"),
        ("is_gpt and type(model).forward is not GPT.forward", "False"),
        ("known = token_id < len(tokenizer.tokens)", "known = True"),
        ("generator.seed() if seed is None else seed", "0 if seed is None else seed"),
        ("generator.seed() if seed is None else seed", "generator.seed()"),
        ("numbers * ends[:, -1:], right=True)", "numbers * ends[:, -1:])"),
        (
            "torch.rand(len(ends), 1, generator=generator)",
            "torch.rand(1, 1, generator=generator).expand(len(ends), 1).clone()",
        ),
        ("return replace(sampling, **settings)", "return sampling"),
        ("token_id == self.end_id", "False"),
        ("for n in range(len(stop) - 1, 0, -1):", "for n in range(1, len(stop)):"),
        ('certain = certain.lstrip("\\r\\n")', "pass"),
        ("if goes_on_greedily not in chosen:", "if False:"),
        ("check_scores(logits - logits.amax(-1, keepdim=True))", "pass"),
        ("log_probabilities[finished] = -torch.inf", "pass"),
        ("((5 + lengths) / 6) ** length_penalty", "lengths**length_penalty"),
        ("-1 <= end_id < vocab_size", "True"),
    ],
    "packed": [
        ("if not _is_one_row(x):\n            return", "if False:\n            return"),
        ("if len(self.rest):", "if False:"),
        ("torch.cat(part) for part", "part[0] for part"),
        ("largest = x.abs().amax(-1, keepdim=True)", "largest = x.abs().amax()"),
        ("clamp(min=1e-12) / 127", "clamp(min=1e-12) / 100"),
        ("offsets = (smallest + 8 * scales)", "offsets = (smallest + 7 * scales)"),
        ("and layer is not packed.output", ""),
        ("check(not is_packed,", "check(True,"),
        ("replacement.n_packed_parameters -= embedding.numel()", "pass"),
        ("return y + self.bias", "return y"),
        ("torch.addcmul(self.bias, y, scales)", "y * scales"),
        ('check(False, "packed weights', 'check(True, "packed weights'),
    ],
}


def is_flagged(source: str) -> bool:
    """Whether the tests leave a cell out."""
    return bool(
        re.search(r"^#\|\s*(slow|gpu|network|exercise|eval:\s*false)", source, re.M)
    )


def is_exported(source: str) -> bool:
    """Whether a cell goes into the module."""
    return bool(re.search(r"^#\|\s*exports?\s*$", source, re.M))


def code_of(cells: list[str], name: str) -> dict[int, list[tuple[str, str]]]:
    """For each cell the mutants that change it; a text that fits nowhere, or twice, is an error."""
    found: dict[int, list[tuple[str, str]]] = {}
    for old, new in MUTANTS[name]:
        places = [
            i for i, source in enumerate(cells) if is_exported(source) and old in source
        ]
        n_times = sum(cells[i].count(old) for i in places)
        if n_times != 1:
            sys.exit(f"{name}: {old!r} is there {n_times} times: mend the list of mutants")
        found.setdefault(places[0], []).append((old, new))
    return found


def run(source: str, number: int, names: dict) -> None:
    """Run a cell, and show nothing of what it prints."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        exec(compile(source, f"cell {number}", "exec"), names)  # noqa: S102


def try_mutant(cells: list[str], start: int, changed: str, names: dict) -> str:
    """In a forked process: where the page noticed the change, or "" if it did not."""
    reader, writer = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(reader)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        number, message = start, ""
        try:
            run(changed, start, names)
            for number in range(start + 1, len(cells)):
                run(cells[number], number, names)
        except BaseException as error:  # whatever it is, it is noticed
            last = traceback.extract_tb(error.__traceback__)[-1]
            message = f"cell {number}: {type(error).__name__} ({last.name}) {error}"
        os.write(writer, message[:300].encode())
        os._exit(0)
    os.close(writer)
    while time.monotonic() - began < SECONDS:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            message = os.read(reader, 300).decode(errors="replace")
            os.close(reader)
            return message or (f"the process ended with {status}" if status else "")
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(reader)
    return f"hangs for more than {SECONDS} s"


def survivors_of(name: str) -> list[str]:
    """Run a page with each of its mutants, and print what happened to them."""
    path = NBS / f"{name}.ipynb"
    os.chdir(path.parent)
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [
        "".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"
    ]
    cells = ["" if is_flagged(source) else source for source in cells]
    mutants = code_of(cells, name)
    names: dict = {"__name__": "__main__"}
    survivors = []
    for number, source in enumerate(cells):
        for old, new in mutants.get(number, []):
            noticed = try_mutant(cells, number, source.replace(old, new), names)
            change = f"{name}: {' '.join(old.split())}  ->  {' '.join(new.split())}"
            print(f"{'noticed ' if noticed else 'SURVIVES'} {change}", flush=True)
            if noticed:
                print(f"         {' '.join(noticed.split())[:150]}", flush=True)
            else:
                survivors.append(change)
        run(source, number, names)
    return survivors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--page", choices=MUTANTS, help="one page; all by default")
    chosen = parser.parse_args().page
    if chosen is None:  # a fresh process for each page
        results = [
            os.spawnv(os.P_WAIT, sys.executable, [sys.executable, __file__, "--page", name])
            for name in MUTANTS
        ]
        print(
            f"{sum(map(len, MUTANTS.values()))} mutants on {len(MUTANTS)} pages: {'all noticed' if not any(results) else 'some survive'}"
        )
        sys.exit(any(results))
    os.environ.update(IN_TEST="1", MPLBACKEND="Agg", OMP_NUM_THREADS="1")
    sys.path.insert(0, str(NBS.parent))
    sys.exit(bool(survivors_of(chosen)))


if __name__ == "__main__":
    main()
