"""The site's favicon and social card, drawn with this package: `python tools/site_images.py` writes them to nbs/images/."""

from pathlib import Path

from matplotlib.figure import Figure

from transformer_scratch.attention import causal_mask, scaled_dot_product_attention
from transformer_scratch.support.plots import plot_attention
from transformer_scratch.positions import sinusoidal_positions

IMAGES = Path(__file__).resolve().parent.parent / "nbs/images"
TOKENS = "every token looks back at what came before it".split()


def weights(n: int):
    """Causal attention among the first n sinusoidal positions, (n, n): near tokens weigh more."""
    x = sinusoidal_positions(n, 16)[None, None]
    return scaled_dot_product_attention(2 * x, x, x, causal_mask(n, n))[1][0, 0]


def favicon(n: int = 4, cell: int = 13) -> str:
    """The weights as squares on a dark ground."""
    squares = "".join(
        f'<rect x="{6 + column * cell}" y="{6 + row * cell}" width="{cell - 2}" height="{cell - 2}" rx="2" opacity="{0.3 + 0.7 * float(weight):.2f}"/>'
        for row, line in enumerate(weights(n))
        for column, weight in enumerate(line[: row + 1])
    )
    ground = '<rect width="63" height="63" rx="13" fill="#24579e"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 63 63">{ground}<g fill="#fff">{squares}</g></svg>\n'


def card() -> Figure:
    """1200 by 630 pixels: what the project is, and a map of attention."""
    figure = Figure(figsize=(12, 6.3), dpi=100, facecolor="white")
    figure.text(
        0.055, 0.63, "transformer-scratch", fontsize=34, weight="bold", color="#24579e"
    )
    figure.text(
        0.055,
        0.37,
        "A GPT from raw text to a model that writes,\nas notebooks that are the library,\nthe tests and the site",
        fontsize=19,
        color="#333333",
        linespacing=1.6,
    )
    axes = figure.add_axes((0.63, 0.2, 0.35, 0.7))
    plot_attention(weights(len(TOKENS)), TOKENS, item=None, head=None, axes=axes)
    axes.set(xlabel="", ylabel="")
    return figure


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    (IMAGES / "favicon.svg").write_text(favicon(), encoding="utf-8")
    card().savefig(IMAGES / "card.png", metadata={"Software": None})
