"""A picture on an HTML page of its own, which plays, pauses and steps, and loads nothing from elsewhere."""

from __future__ import annotations

import re

from convcalc.draw.film import Film
from convcalc.draw.svg import escape

FROZEN, PAUSED = "animation:none!important", "animation-play-state:paused!important"

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta http-equiv="Content-Security-Policy" \
content="default-src 'none';img-src data:;style-src 'unsafe-inline';script-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root{{color-scheme:light dark}}
body{{margin:1rem;text-align:center;font:1rem/1.5 system-ui,sans-serif;color:#1f2933;background:#f6f8fa}}
svg{{max-width:100%;height:auto}}
button{{font:inherit;min-width:6rem;padding:.4rem .8rem;border:1px solid;border-radius:6px;color:inherit;\
background:#fff}}
button:focus-visible{{outline:3px solid #0b5a8a;outline-offset:2px}}
output{{display:inline-block;min-width:10rem}}
@media(prefers-color-scheme:dark){{body{{color:#e6edf3;background:#010409}}button{{background:#21262d}}\
button:focus-visible{{outline-color:#8fd0f5}}}}
</style>
</head>
<body>
<main>
{svg}</main>
{controls}</body>
</html>
"""

CONTROLS = """\
<p hidden>
<button type="button" aria-label="Back by one place" aria-keyshortcuts="ArrowLeft">Back</button>
<button type="button" aria-keyshortcuts="Space">Pause</button>
<button type="button" aria-label="Forward by one place" aria-keyshortcuts="ArrowRight">Forward</button>
<output></output>
</p>
<script>
"use strict";
const places = {places}, pace = {milliseconds};
const animations = document.getAnimations();
const [back, toggle, forward] = document.querySelectorAll("button");
const where = document.querySelector("output");
let playing;

const place = () => Math.floor(animations[0].currentTime / pace + 1e-6) % places;

function show() {{
  const words = `place ${{place() + 1}} of ${{places}}`;
  if (where.textContent !== words) where.textContent = words;
  if (playing) requestAnimationFrame(show);
}}

function play(on) {{
  playing = on;
  for (const animation of animations) on ? animation.play() : animation.pause();
  toggle.textContent = on ? "Pause" : "Play";
  toggle.setAttribute("aria-label", `${{toggle.textContent}} the animation`);
  where.setAttribute("aria-live", on ? "off" : "polite");
  show();
}}

function step(by) {{
  const time = ((place() + by + places) % places + 0.5) * pace;
  play(false);
  for (const animation of animations) animation.currentTime = time;
  show();
}}

back.onclick = () => step(-1);
toggle.onclick = () => play(!playing);
forward.onclick = () => step(1);
document.onkeydown = (event) => {{
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === "ArrowLeft") step(-1);
  else if (event.key === "ArrowRight") step(1);
  else if (event.key === " " && event.target.tagName !== "BUTTON") play(!playing);
  else return;
  event.preventDefault();
}};
document.querySelector("p").hidden = false;
play(!matchMedia("(prefers-reduced-motion: reduce)").matches);
</script>
"""


def page(svg: str, title: str, film: Film | None = None) -> str:
    """Return an HTML page with the picture and, if it has a film, with buttons and keys to play, pause and step.

    For readers who ask for less motion it starts paused. The page adds at most 3 KB to the picture: with any layer it
    has at most 30 KB.

    >>> made = page("<svg/>", "a < b")
    >>> made.count("<button"), "<title>a &lt; b</title>" in made
    (0, True)
    """
    key = re.search(r'class="picture-(\w+)"', svg)
    if key:
        svg = svg.replace(f"-{key[1]}", "")  # nothing else on the page has the same ids and classes
    controls = ""
    if film is not None and film.length > 1:
        controls = CONTROLS.format(places=film.length, milliseconds=f"{1000 * film.seconds:g}")
        head, style, rest = svg.partition("<style>")
        svg = head + style + rest.replace(FROZEN, PAUSED, 1)
    return PAGE.format(title=escape(title), svg=svg, controls=controls)
