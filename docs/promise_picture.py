"""Draw the picture of docs/promise.md from the month of the demo: ``python -m docs.promise_picture``."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from handrail.demo.month import DAYS, WEEKS, Day, month

PICTURE = Path(__file__).with_name("pictures") / "promise-month.svg"
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 720, 260, 56, 34, 44
ACCEPTED, ASKED, WRONG = "#2f7d4f", "#8a8f98", "#c0392b"


def drawn(days: Sequence[Day]) -> str:
    """Return the picture: by day what is decided without a person, what people answer, and what is wrong."""
    step = (WIDTH - LEFT - 16) / (len(days) - 1)
    height = HEIGHT - TOP - BOTTOM

    def line(shares: Sequence[float], colour: str) -> str:
        points = " ".join(
            f"{LEFT + place * step:.1f},{TOP + height * (1 - share):.1f}" for place, share in enumerate(shares)
        )
        return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2.5"/>'

    def text(across: float, down: float, said: str, colour: str = "#57606a", anchor: str = "middle") -> str:
        return f'<text x="{across:.0f}" y="{down:.0f}" fill="{colour}" text-anchor="{anchor}">{said}</text>'

    parts = [
        line([day.accepted / day.tickets for day in days], ACCEPTED),
        line([day.reviews / day.tickets for day in days], ASKED),
        line([day.wrong / day.tickets for day in days], WRONG),
        *(text(LEFT - 8, TOP + height * (1 - share) + 4, f"{share:.0%}", anchor="end") for share in (0, 0.5, 1)),
        *(
            f'<line x1="{LEFT}" x2="{WIDTH - 16}" y1="{down:.0f}" y2="{down:.0f}" stroke="#d0d7de"/>'
            for down in (TOP, TOP + height / 2, TOP + height)
        ),
        *(text(LEFT + (week + 0.4) * DAYS * step, HEIGHT - 22, f"week {week + 1}") for week in range(WEEKS)),
        text(LEFT, 20, "decided without a person", ACCEPTED, "start"),
        text(LEFT + 190, 20, "answered by people, blind audits included", ASKED, "start"),
        text(LEFT + 490, 20, "accepted and wrong", WRONG, "start"),
    ]
    said = "; ".join(
        f"week {week + 1}: {sum(day.accepted for day in days[week * DAYS : (week + 1) * DAYS])} accepted"
        for week in range(WEEKS)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-size="13"'
        f' font-family="system-ui, sans-serif"><title>A month under a promise</title><desc>{said}</desc>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>{"".join(parts)}</svg>\n'
    )


if __name__ == "__main__":
    PICTURE.write_text(drawn(asyncio.run(month())), encoding="utf-8")
