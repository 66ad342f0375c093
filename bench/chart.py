"""Draws what one idle socket costs each server, as an SVG that needs nothing else to be shown."""

from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape

from bench.stream_cost import StreamCost

PANELS: tuple[tuple[str, Callable[[StreamCost], float], str], ...] = (
    ("KiB of memory a subscribed socket", lambda cost: cost.user_kib, "{:.2f}"),
    ("CPU ms for 10,000 pings", lambda cost: cost.ping_cpu_ms, "{:.0f}"),
    ("CPU us a delivery to 1,000 sockets", lambda cost: cost.fan_out_cpu_us, "{:.1f}"),
    ("Clients subscribed a CPU second", lambda cost: cost.subscribes_a_cpu_s, "{:,.0f}"),
)
OURS = "Heartline"
NAME_WIDTH, BAR_WIDTH, VALUE_WIDTH = 150, 190, 60
ROW, HEAD, GAP = 22, 34, 30
PANEL_WIDTH = NAME_WIDTH + BAR_WIDTH + VALUE_WIDTH
COLUMNS = 2


def draw(costs: Sequence[StreamCost]) -> str:
    """The text of the SVG."""
    height = HEAD + ROW * len(costs) + GAP
    panels = [_panel(title, [(c.name, value(c)) for c in costs], form) for title, value, form in PANELS]
    placed = [
        f'<g transform="translate({i % COLUMNS * (PANEL_WIDTH + GAP) + GAP} {i // COLUMNS * height + 10})">{panel}</g>'
        for i, panel in enumerate(panels)
    ]
    width, full = COLUMNS * (PANEL_WIDTH + GAP) + GAP, -(-len(panels) // COLUMNS) * height + 10
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {full}" width="{width}" height="{full}" '
        f'font-family="system-ui, sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
        f"{''.join(placed)}</svg>\n"
    )


def _panel(title: str, rows: list[tuple[str, float]], form: str) -> str:
    largest = max((value for _, value in rows), default=0.0) or 1.0
    parts = [f'<text x="0" y="16" font-size="14" font-weight="600" fill="#111">{escape(title)}</text>']
    for place, (name, value) in enumerate(rows):
        y = HEAD + place * ROW
        colour, weight = ("#c2255c", "600") if name == OURS else ("#868e96", "400")
        length = max(1.0, max(value, 0.0) / largest * BAR_WIDTH)
        parts.append(
            f'<text x="{NAME_WIDTH - 8}" y="{y + 12}" text-anchor="end" font-weight="{weight}" fill="#111">'
            f"{escape(name)}</text>"
            f'<rect x="{NAME_WIDTH}" y="{y}" width="{length:.1f}" height="15" fill="{colour}"/>'
            f'<text x="{NAME_WIDTH + length + 5:.1f}" y="{y + 12}" fill="#111">{form.format(value)}</text>'
        )
    return "".join(parts)
