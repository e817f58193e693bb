"""A palette from one color, with the contrast that WCAG 2.2 asks for (1.4.3 for text, 1.4.11 for controls)."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

CONTRAST = 4.5  # of text
EDGE = 3.0  # of the parts of a control (1.4.11)
SURFACES = ("surface", "page", "raised", "warn", "bad-soft")  # what text stands on in static/app.css
LIGHT = ("#ffffff", "#f4f6f5", "#f0f5f3", "#fff4d6", "#fdecea")
DARK = ("#161f1d", "#0e1413", "#1d2926", "#3a2f10", "#3b1714")
SOFT = 0.1  # how much of the color there is in its soft form


@dataclass(frozen=True)
class Shades:
    """The color in one mode: as link and focus ring, what is written on it, a soft form to write it on.

    ``edge`` is the border of buttons: none where they stand out without one.
    """

    accent: str
    on_accent: str
    soft: str
    edge: str


@dataclass(frozen=True)
class Palette:
    """The colors of a brand."""

    color: str
    light: Shades
    dark: Shades

    @property
    def is_shifted(self) -> bool:
        """Whether links have another color than the brand's in some mode."""
        return {self.light.accent, self.dark.accent} != {self.color}

    @property
    def css(self) -> str:
        """A style sheet that sets the variables of ``static/app.css``."""
        variables = {
            "accent": f"light-dark({self.light.accent}, {self.dark.accent})",
            "on-accent": f"light-dark({self.light.on_accent}, {self.dark.on_accent})",
            "accent-soft": f"light-dark({self.light.soft}, {self.dark.soft})",
            "button": self.color,
            "on-button": better_text(self.color),
            "button-edge": f"light-dark({self.light.edge}, {self.dark.edge})",
            "focus": "var(--accent)",
        }
        return ":root {\n" + "".join(f"  --{name}: {value};\n" for name, value in variables.items()) + "}\n"


def palette(color: str) -> Palette:
    """Return the palette of a color such as ``#0b6e5c``."""
    color = color.lower()
    return Palette(color, _shades(color, LIGHT, -1), _shades(color, DARK, 1))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colors, from 1 to 21. WCAG 2.2: *contrast ratio*."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def better_text(background: str) -> str:
    """Return black or white, whichever is easier to read."""
    return max("#000000", "#ffffff", key=lambda text: contrast(text, background))


def _shades(color: str, surfaces: tuple[str, ...], direction: int) -> Shades:
    """Make the color darker (-1) or lighter (1), until it can be read on each surface and on its own soft form."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*_rgb(color))
    steps = [min(max(lightness + direction * step / 100, 0), 1) for step in range(1, 101)]
    accents = [color, *(_hex(*colorsys.hls_to_rgb(hue, step, saturation)) for step in steps)]
    accent = next(each for each in accents if _can_be_read(each, surfaces))  # at the latest black or white
    edge = "transparent" if contrast(color, surfaces[0]) >= EDGE else "var(--edge)"
    return Shades(accent, better_text(accent), _mixed(accent, surfaces[0]), edge)


def _can_be_read(accent: str, surfaces: tuple[str, ...]) -> bool:
    return all(contrast(accent, each) >= CONTRAST for each in (*surfaces, _mixed(accent, surfaces[0])))


def _mixed(color: str, surface: str) -> str:
    pairs = zip(_rgb(color), _rgb(surface), strict=True)
    return _hex(*(SOFT * ours + (1 - SOFT) * theirs for ours, theirs in pairs))


def _luminance(color: str) -> float:
    """Return the relative luminance, from 0 to 1. WCAG 2.2: *relative luminance*."""
    linear = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in _rgb(color))
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _rgb(color: str) -> tuple[float, float, float]:
    red, green, blue = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def _hex(*parts: float) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in parts)
