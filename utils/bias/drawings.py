"""Small drawings as SVG inside a page: sharp on paper, and each says in words what it shows."""

from html import escape

import numpy as np

from utils.bias.numbers import number

# Okabe and Ito's palette, dark enough on white
COLOURS = ("#0072B2", "#B34700", "#007A5A", "#8F4A7B", "#7A5A00", "#333333")
INK, QUIET, PALE, COLUMN = "#1a1a1a", "#6b6b6b", "#d9dee3", "#8a95a1"
WIDE, HIGH = 190, 22


def svg(width: float, height: float, title: str, inside: str) -> str:
    """A drawing whose title is read to those who do not see it."""
    return (
        f'<svg role="img" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}">'
        f"<title>{escape(title)}</title>{inside}</svg>"
    )


def line(x1, y1, x2, y2, colour, width=1.0, dashed=False) -> str:
    """A line."""
    dash = ' stroke-dasharray="3 2"' if dashed else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{width:g}"{dash}/>'
    )


def text(x, y, text, anchor="start", size=10, colour=INK) -> str:
    """A word or a number."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'fill="{colour}">{escape(str(text))}</text>'
    )


def gap(
    name: str, value: float, low: float, high: float, parity: float, scale: float = 1
) -> str:
    """A value with its interval against no difference, on a scale of so much to either side.

    What lies beyond the scale ends in an arrow.
    """
    if np.isnan(value):
        return ""
    told = f"{name}: {number(value)}"
    if not np.isnan(low):
        told += f", interval {number(low)} to {number(high)}"
    middle, half, y = WIDE / 2, WIDE / 2 - 8, HIGH / 2

    def at(v):
        return middle + half * float(np.clip((v - parity) / scale, -1.04, 1.04))

    parts = [line(middle - half, y, middle + half, y, PALE)]
    parts += [line(middle, 1, middle, HIGH - 1, QUIET, 1, dashed=True)]
    sure = np.isnan(low) or not low <= parity <= high
    colour = COLOURS[0] if sure else QUIET
    if not np.isnan(low):
        # paler and higher than the dot, so that a narrow one is seen behind it
        parts.append(
            f'<rect x="{at(low):.1f}" y="{y - 6:g}" width="{max(at(high) - at(low), 1):.1f}" '
            f'height="12" fill="{colour}" fill-opacity="0.35"/>'
        )
    x = at(value)
    if abs(value - parity) > scale:
        tip = 6 if value > parity else -6
        points = f"{x + tip:.1f},{y} {x:.1f},{y - 5} {x:.1f},{y + 5}"
        parts.append(f'<polygon points="{points}" fill="{colour}"/>')
    else:
        fill = colour if sure else "#ffffff"
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y}" r="3.2" fill="{fill}" stroke="{colour}" '
            'stroke-width="1.5"/>'
        )
    return svg(WIDE, HIGH, told, "".join(parts))
