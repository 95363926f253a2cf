"""What more than one lesson draws: one style, one set of colours, one way to show a figure.

Colours are Okabe & Ito's, told apart by readers with any common colour blindness; a role keeps its
colour in every lesson. A figure is shown with a text alternative, for screen readers and for those
who read the notebook where pictures do not load.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from kd_course import metrics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {
    "teacher": "#0072B2",  # blue
    "student": "#D55E00",  # vermilion
    "control": "#999999",  # grey: the same student without a teacher
    "truth": "#009E73",  # green
    "accent": "#CC79A7",  # purple
    "neutral": "#56B4E9",  # sky blue
    "highlight": "#E69F00",  # orange
    "ink": "#222222",
}
SEQUENTIAL = "cividis"  # for maps: readable in grey and by the colour-blind
DIVERGING = "PuOr"


def style() -> None:
    """Set matplotlib to the course's look; the first cell of a lesson calls it."""
    import matplotlib as mpl
    from matplotlib.rcsetup import cycler

    order = ("teacher", "student", "control", "truth", "accent", "neutral", "highlight")
    mpl.rcParams.update(
        {
            "figure.figsize": (7.2, 3.6),
            "figure.dpi": 110,
            "figure.constrained_layout.use": True,
            "axes.prop_cycle": cycler(color=[COLOURS[role] for role in order]),
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": 11,
            "axes.titleweight": "bold",
            "axes.titlelocation": "left",
            "axes.labelsize": 10,
            "axes.grid": True,
            "axes.axisbelow": True,
            "grid.alpha": 0.25,
            "legend.frameon": False,
            "legend.fontsize": 9,
            "lines.linewidth": 2,
            "svg.hashsalt": "kd_course",
        }
    )


def role_colour(name: str) -> str:
    """The colour of a model or arm, by the role that its name begins with; ink for no known role."""
    roles = {
        "distilled": "student",
        "hard answers": "accent",
        "softened truth": "highlight",
        "sequence-level": "student",
        "word-level": "neutral",
        "both": "accent",
        "forward KL": "student",
        "reverse KL": "highlight",
        "JSD": "accent",
        **{role: role for role in COLOURS},
    }
    return COLOURS[next((role for start, role in roles.items() if name.startswith(start)), "ink")]


def show(figure: Figure, alt: str) -> None:
    """Show the figure once, with `alt` as its text alternative, and close it.

    alt: a sentence or two that say what is seen, not what the figure is called.
    Raises ValueError when alt says next to nothing, or when the figure has no title.
    """
    import base64
    import io

    import matplotlib.pyplot as plt
    from IPython.display import display

    if len(alt.split()) < 6:
        raise ValueError(f"alt must say what is seen in the picture, but is {alt!r}")
    titles = [figure.get_suptitle()] + [a.get_title("left") + a.get_title() for a in figure.axes]
    if not any(titles):
        raise ValueError("the figure needs a title: axes.set_title(...) or figure.suptitle(...)")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    plt.close(figure)
    png = base64.b64encode(buffer.getvalue()).decode()
    # The picture as PNG for every viewer; the text alternative as plain text and in the metadata,
    # where exporters and screen readers find it.
    display(
        {"image/png": png, "text/plain": f"[Picture: {alt}]"},
        metadata={"image/png": {"alt": escape(alt)}},
        raw=True,
    )


def intervals(
    axes: Axes,
    results: Mapping[str, tuple[float, float, float]],
    *,
    colours: Sequence[str] | None = None,
    unit: str = "",
) -> None:
    """One row an arm: the mean as a dot, its interval as a bar.

    results: name -> (mean, low, high), drawn from top to bottom. unit: what is measured; it also
    decides with how many decimals a mean is written.
    """
    names = list(results)
    for row, name in enumerate(names):
        mean, low, high = results[name]
        colour = colours[row] if colours else COLOURS.get(name, COLOURS["ink"])
        axes.plot(
            [low, high], [row, row], color=colour, linewidth=4, alpha=0.45, solid_capstyle="butt"
        )
        axes.plot(mean, row, "o", color=colour, markersize=7)
        axes.annotate(
            metrics.shown(mean, unit),
            (mean, row),
            xytext=(0, 7),
            textcoords="offset points",
            ha="center",
            fontsize=9,
        )
    axes.set_yticks(range(len(names)), names)
    axes.locator_params(axis="x", nbins=6)
    axes.set_ylim(len(names) - 0.4, -0.7)
    axes.grid(axis="y", visible=False)
    if unit:
        axes.set_xlabel(unit)
