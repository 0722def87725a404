"""The model that the site shows alive: trained in seconds while the site is built, and exported for browsers."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUN = ROOT / "runs" / "site"  # kept for the next build; delete it to train anew
PROMPT = "The salesperson listens to the customer and asks open questions. By"


def site_run() -> Path:
    """The run of the preset `laptop-fast`, trained if it is not there yet."""
    from transformer_scratch.commands.command_line import main

    if not (RUN / "config.json").is_file():
        code = main(["train", "laptop-fast", "--out", str(RUN)])
        if code:
            raise SystemExit("the model of the page explorer could not be trained")
    return RUN


def write_explorer(folder: Path) -> None:
    """The explorer's files, for the page explorer of the site."""
    from transformer_scratch.checkpoint import load_model
    from transformer_scratch.commands.explore import explorer_files, write_folder

    model, tokenizer = load_model(site_run())
    contents = explorer_files({"laptop-fast": (model, tokenizer)}, "int8", PROMPT)
    write_folder(contents, folder)
