"""Draws the chart of requests a second against inbox size: from figures to SVG, the same for the same figures."""

import math
from html import escape

WIDTH, HEIGHT = 840, 480
LEFT, RIGHT, TOP, BOTTOM = 84, 800, 112, 400
COLOURS = ("#0b6e4f", "#2f6fb3", "#b3541e")
INK, FAINT = "#24292f", "#d8dee4"


def text(x, y, words, anchor="middle", size=13, colour=INK, weight="normal"):
    return (f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" '
            f'fill="{colour}">{escape(words)}</text>')


def rounded(figure):
    """A figure as a reader needs it: two digits where it is large enough, and no more than it means."""
    digits = max(0, len(str(round(figure))) - 2)
    return f"{round(figure / 10 ** digits) * 10 ** digits:,}"


def drawn(figures):
    """The chart of what `inboxes` measured."""
    sizes, series = figures["sizes"], figures["series"]
    every = [value for one in series for value in one["per_second"]]
    lowest, highest = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)))

    def across(index):
        return LEFT + (RIGHT - LEFT) * (index + 0.5) / len(sizes)

    def up(value):
        return BOTTOM - (BOTTOM - TOP) * (math.log10(value) - lowest) / max(1, highest - lowest)

    title = f"Pages a second against inbox size, {figures['in_flight']} requests in flight"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" role="img">',
        f"<title>{escape(title)}</title>",
        # A ground of its own, so that it is read on a dark page too.
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#ffffff"/>',
        text(LEFT, 34, title, "start", 18, weight="600"),
    ]
    for power in range(lowest, highest + 1):
        y = up(10 ** power)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{RIGHT}" y2="{y:.1f}" stroke="{FAINT}"/>')
        parts.append(text(LEFT - 10, y + 4, f"{10 ** power:,}", "end"))
    for index, size in enumerate(sizes):
        parts.append(text(across(index), BOTTOM + 24, f"{size:,}"))
    parts.append(text((LEFT + RIGHT) / 2, BOTTOM + 46, "messages in each inbox"))
    parts.append(text(LEFT, HEIGHT - 12, figures["note"], "start", 11, "#57606a"))

    least = [min(one["per_second"][index] for one in series) for index in range(len(sizes))]
    legend = LEFT
    for one, colour in zip(series, COLOURS):
        points = [(across(index), up(value)) for index, value in enumerate(one["per_second"])]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>')
        for (x, y), value, low in zip(points, one["per_second"], least):
            below = value == low and len(series) > 1
            parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')
            parts.append(text(x, y + (20 if below else -10), rounded(value), colour=colour, weight="600"))
        parts.append(f'<circle cx="{legend + 5}" cy="62" r="5" fill="{colour}"/>')
        parts.append(text(legend + 16, 66, one["name"], "start", weight="600", colour=colour))
        parts.append(text(legend + 16, 83, one["what"], "start", 11, "#57606a"))
        legend += 245
    return "\n".join([*parts, "</svg>"]) + "\n"
