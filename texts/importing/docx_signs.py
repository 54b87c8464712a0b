"""Signs that old documents write as numbers of a symbol font: their letters, where they have one."""

from __future__ import annotations

GREEK = "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ"
SYMBOL = {0x41 + index: letter for index, letter in enumerate(GREEK)}
SYMBOL |= {0x61 + index: letter for index, letter in enumerate("αβχδεφγηιϕκλμνοπθρστυϖωξψζ")}
SYMBOL |= {
    0xA2: "′", 0xA3: "≤", 0xA5: "∞", 0xAB: "↔", 0xAC: "←", 0xAD: "↑", 0xAE: "→", 0xAF: "↓", 0xB0: "°", 0xB1: "±",
    0xB2: "″", 0xB3: "≥", 0xB4: "×", 0xB7: "•", 0xB8: "÷", 0xB9: "≠", 0xBA: "≡", 0xBB: "≈", 0xBC: "…", 0xC7: "∩",
    0xC8: "∪", 0xCE: "∈", 0xD6: "√", 0xD7: "⋅", 0xDB: "⇔", 0xDE: "⇒", 0xE5: "∑", 0xF2: "∫", 0x2D: "−",
}  # fmt: skip
WINGDINGS = {
    0x4A: "☺", 0x6C: "●", 0x6E: "■", 0x6F: "□", 0x71: "❑", 0x75: "◆", 0x76: "❖", 0x9F: "•", 0xA7: "▪", 0xA8: "◻",
    0xD8: "➢", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xF0: "⇨", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒",
    0xFE: "☑",
}  # fmt: skip


def sign(font: str, code: str) -> str:
    """The letter for a number in a font; "" if there is none."""
    try:
        point = int(code, 16)
    except ValueError:
        return ""
    bare = point - 0xF000 if 0xF000 <= point <= 0xF0FF else point
    table = {"symbol": SYMBOL, "wingdings": WINGDINGS}.get(font.strip().lower())
    if table is not None:
        return table.get(bare) or (chr(bare) if font.lower() == "symbol" and 0x20 <= bare < 0x7F else "")
    if point != bare or not (0x20 <= point < 0xD800 or 0xE000 <= point < 0x110000) or 0x7F <= point < 0xA0:
        return chr(bare) if 0x20 <= bare < 0x7F else ""
    return chr(point) if not 0xE000 <= point <= 0xF8FF else ""
