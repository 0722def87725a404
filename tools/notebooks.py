"""Execute the notebooks in order and store their outputs: `python tools/notebooks.py [--flags "network slow"] [NOTEBOOK ...]`.

Cells that carry a flag of `tst_flags` (settings.ini) are skipped unless `--flags` names it, and keep the outputs they have.
The notebooks are cleaned afterwards, as `nbdev_clean` does. The first error stops the run and leaves its notebook as it was.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

from execnb.nbio import dict2nb, read_nb, write_nb
from execnb.shell import CaptureShell, format_exc
from nbdev.clean import clean_nb
from nbdev.config import get_config
from nbdev.process import extract_directives

ORDER = [
    "support",
    "",
    "commands",
    "tutorials",
    "evidence",
]  # folders under nbs/, in the order of reading


def notebooks_in_order() -> list[Path]:
    """All notebooks: support, chapters, tutorials, evidence; the index, which shows their results, last."""
    nbs = get_config().nbs_path
    found = [path for folder in ORDER for path in sorted((nbs / folder).glob("*.ipynb"))]
    return sorted(found, key=lambda path: path.name == "index.ipynb")


def execute(path: Path, skip: set[str]) -> None:
    """Run one notebook in its own folder and write it back with its new outputs."""
    notebook = read_nb(path)
    os.chdir(path.parent)
    shell = CaptureShell(path, mpl_format="png")
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        directives = extract_directives(
            dict2nb({"cells": [dict(cell)]}).cells[0], remove=False
        )
        if (
            directives.get("eval:", ["true"])[0].lower() == "false"
            or skip & directives.keys()
        ):
            continue
        cell.outputs = shell.run(cell.source)
        if shell.exc:
            sys.exit(
                "".join(format_exc(shell.exc)) + f"\nin {path.name}, cell:\n{cell.source}"
            )
    clean_nb(notebook)
    write_nb(notebook, path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "notebooks", nargs="*", type=Path, help="these only; all by default"
    )
    parser.add_argument(
        "--flags",
        default="",
        help="flags of cells to run although they are skipped by default",
    )
    arguments = parser.parse_args()
    chosen = [path.resolve() for path in arguments.notebooks] or notebooks_in_order()
    if len(chosen) == 1:
        return execute(
            chosen[0], set(get_config().tst_flags.split()) - set(arguments.flags.split())
        )
    for path in chosen:  # a fresh process each, so that no notebook sees another's state
        print(path.relative_to(get_config().config_path), flush=True)
        subprocess.run(
            [sys.executable, __file__, "--flags", arguments.flags, str(path)], check=True
        )


if __name__ == "__main__":
    main()
