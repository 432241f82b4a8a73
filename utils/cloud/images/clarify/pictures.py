"""The pictures of the job's page that are not of gaps; those are in `utils.bias.drawings`."""

from html import escape

import numpy as np

from utils.bias.drawings import COLOURS, COLUMN, INK, QUIET, line, svg, text
from utils.bias.numbers import number
from utils.explain import PartialDependence


def bar(name: str, value: float, most: float, unit=number, width: int = 160) -> str:
    """A bar from zero, to the left for a negative value, against the largest there is."""
    if np.isnan(value):
        return ""
    signed = most < 0
    most = abs(most) or 1
    length = (width / 2 if signed else width) * abs(value) / most
    start = width / 2 - (length if value < 0 else 0) if signed else 0
    colour = COLOURS[1] if value < 0 else COLOURS[0]
    inside = f'<rect x="0" y="3" width="{width}" height="12" fill="#f1f3f5"/>'
    inside += (
        f'<rect x="{start:.1f}" y="3" width="{max(length, 1):.1f}" height="12" '
        f'fill="{colour}"/>'
    )
    return svg(width, 18, f"{name}: {unit(value)}", inside)


def curve(found: PartialDependence, outputs: list[str]) -> str:
    """A feature's partial dependence: lines for numbers, points for categories, rows as columns."""
    width, height, left, right, top, bottom = 380, 220, 52, 10, 12, 46
    places = np.linspace(left + 12, width - right - 12, len(found.values))
    if found.kind == "numerical" and len(found.values) > 1:
        v = found.values.astype(float)
        places = np.interp(v, (v.min(), v.max()), (places[0], places[-1]))
    low, high = float(found.predictions.min()), float(found.predictions.max())
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    base, digits = height - bottom, max(0, 1 - int(np.floor(np.log10(high - low))))

    def up(score):
        return base - (base - top) * (0.12 + 0.8 * (score - low) / (high - low))

    parts = [_columns(found, places, base, top)]
    parts += [line(left, base, width - right, base, QUIET)]
    for score in (low, (low + high) / 2, high):
        parts.append(line(left - 3, up(score), left, up(score), QUIET))
        parts.append(text(left - 5, up(score) + 3, f"{score:,.{digits}f}", "end"))
    for k, scores in enumerate(found.predictions):
        colour = COLOURS[k % len(COLOURS)]
        points = [(x, up(s)) for x, s in zip(places, scores, strict=True)]
        if found.kind == "numerical":
            joined = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            parts.append(
                f'<polyline points="{joined}" fill="none" stroke="{colour}" stroke-width="2"/>'
            )
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'
            for x, y in points
        ]
    parts.append(_below(found, places, base))
    first, last = found.predictions[0][0], found.predictions[0][-1]
    told = (
        f"Mean score by {found.feature}: from {first:.3g} at {_short(found.values[0])} to "
        f"{last:.3g} at {_short(found.values[-1])}, between {low:.3g} and {high:.3g}; most rows, "
        f"{found.share.max():.0%}, are at {_short(found.values[found.share.argmax()])}"
    )
    if len(outputs) > 1:
        told += f"; one line each for {', '.join(outputs)}"
    return svg(width, height, told, "".join(parts))


def _columns(found, places, base, top) -> str:
    gap_between = np.diff(places).min() if len(places) > 1 else 40
    width = min(18.0, max(2.0, 0.7 * gap_between))
    tallest = found.share.max() or 1
    return "".join(
        f'<rect x="{x - width / 2:.1f}" y="{base - 0.45 * (base - top) * s / tallest:.1f}" '
        f'width="{width:.1f}" height="{0.45 * (base - top) * s / tallest:.1f}" fill="{COLUMN}"/>'
        for x, s in zip(places, found.share, strict=True)
    )


def _below(found, places, base) -> str:
    """Values under the axis, as many as there is room for."""
    many = len(found.values)
    if found.kind == "categorical" and many > 5:
        return "".join(
            f'<text transform="translate({x + 3:.1f},{base + 6}) rotate(60)" font-size="8" '
            f'fill="{INK}">{escape(_short(v, 9))}</text>'
            for x, v in zip(places, found.values, strict=True)
        )
    shown = range(many) if many <= 5 else (0, many // 2, many - 1)
    return "".join(
        text(places[i], base + 14, _short(found.values[i], 12), "middle") for i in shown
    )


def _short(value, most: int = 14) -> str:
    text = str(value)
    if isinstance(value, float | np.floating):
        text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return text if len(text) <= most else text[: most - 1] + "…"
