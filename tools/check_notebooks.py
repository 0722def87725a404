"""Run the notebooks as their readers do, in a real Jupyter kernel: `python tools/check_notebooks.py [NOTEBOOK ...]`.

Every page is executed from its first cell to its last, with nbclient and ipykernel. An error fails the page, and so does
a cell that shows other kinds of outputs, or fewer pictures, than are stored for it. Cells whose needs are not met here
(no network, no GPU, no patience) print one line instead of running and are not compared. `--network` expects the cells
that need the network, or the texts and tokenizers in its place, to run.
"""

import argparse
import os
import re
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

NBS = Path(__file__).resolve().parent.parent / "nbs"
FLAGS = {"network", "gpu", "slow", "exercise"}
SECONDS_A_CELL = 600
# Two pages run side by side: with several threads each, they would wait for each other.
os.environ["OMP_NUM_THREADS"] = "1"


def flags_of(source: str) -> set[str]:
    """The flags at the head of a cell."""
    head = re.match(r"(\s*#\|.*\n?)*", source).group()
    return FLAGS & set(re.findall(r"#\|\s*(\w+)", head))


def kinds(cell: dict) -> Counter:
    """What a cell shows: how many pictures, and whether tables, values or printed text."""
    found = Counter()
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if "image/png" in data:
            found["picture"] += 1
        elif "text/markdown" in data:
            found["table"] = 1
        elif data:
            found["value"] = 1
        elif output["output_type"] == "stream" and output["name"] == "stdout":
            found["text"] = 1
    return found


def is_left_out(cell: dict) -> bool:
    """Whether no run executes this cell, because it is flagged `#| eval: false`."""
    return bool(re.match(r"(\s*#\|.*\n)*\s*#\|\s*eval:\s*false", cell["source"]))


def differences(stored: dict, fresh: dict, compared_flags: set[str]) -> list[str]:
    """The cells that show something else than is stored for them."""
    found = []
    for number, (before, after) in enumerate(zip(stored["cells"], fresh["cells"])):
        if before["cell_type"] != "code" or flags_of(before["source"]) - compared_flags:
            continue
        if kinds(before) != kinds(after) and not is_left_out(before):
            found.append(
                f"cell {number} shows {dict(kinds(after))}, stored: {dict(kinds(before))}"
            )
    return found


def check_page(path: Path, compared_flags: set[str]) -> tuple[list[str], float]:
    """What is wrong with a page when it runs in a kernel, and how many seconds it took."""
    start = time.monotonic()
    stored = nbformat.read(path, as_version=4)
    fresh = nbformat.read(path, as_version=4)
    for cell in fresh["cells"]:
        if cell["cell_type"] == "code" and is_left_out(cell):
            cell["source"] = ""
    folder = {"metadata": {"path": str(path.parent)}}
    client = NotebookClient(
        fresh,
        timeout=SECONDS_A_CELL,
        kernel_name="python3",
        resources=folder,
        extra_arguments=["--log-level=ERROR"],
    )
    try:
        client.execute()
    except CellExecutionError as error:
        return ["stops: " + str(error)[-1500:]], time.monotonic() - start
    return differences(stored, fresh, compared_flags), time.monotonic() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "notebooks", nargs="*", type=Path, help="these only; all by default"
    )
    parser.add_argument("--network", action="store_true", help="`network` cells run too")
    parser.add_argument(
        "--workers", type=int, default=2, help="pages that run side by side"
    )
    arguments = parser.parse_args()
    pages = [path.resolve() for path in arguments.notebooks] or sorted(NBS.rglob("*.ipynb"))
    pages = [
        path for path in pages if not path.relative_to(NBS).parts[0].startswith((".", "_"))
    ]
    compared_flags = {"network"} if arguments.network else set()
    failed = 0
    with ThreadPoolExecutor(arguments.workers) as pool:
        results = pool.map(lambda path: check_page(path, compared_flags), pages)
        for path, (problems, seconds) in zip(pages, results):
            verdict = "as stored" if not problems else "DIFFERS"
            print(f"{path.relative_to(NBS)}: {verdict} ({seconds:.0f} s)", flush=True)
            print(*(f"  {problem}\n" for problem in problems), sep="", end="", flush=True)
            failed += bool(problems)
    print(f"{len(pages) - failed} pages run in a Jupyter kernel as stored, {failed} do not")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
