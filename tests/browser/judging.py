"""A part of a page as a reader, a tester of contrast and a screen reader meet it; scripts that run in the page."""

from __future__ import annotations

import os
from typing import Any, Final

from playwright.sync_api import Locator

# By default the look in which words are longest and colours least seen: the other tests look at Chinese by day.
LOOKS: Final = [*([("zh_CN", "light")] if os.environ.get("FULL") else []), ("en", "dark")]

# What sticks out of the part's frame to the left or right.
_OUTSIDE: Final = """(part) => {
    const frame = part.getBoundingClientRect();
    const sticksOut = (node) => {
        const box = node.getBoundingClientRect();
        if (!box.width || node.closest('.sr-only, .scroll')) return false;
        return box.left < frame.left - 1 || box.right > frame.right + 1;
    };
    return [...part.querySelectorAll('*')].filter(sticksOut).map((node) => node.outerHTML.slice(0, 80));
}"""
# Contrast of each text against the first painted background behind it, as WCAG 2 counts it.
_WEAK: Final = """(part) => {
    const parse = (text) => text.match(/[\\d.]+/g).map(Number);
    const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const light = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
    const behind = (node) => {
        for (let at = node; at; at = at.parentElement) {
            const colour = parse(getComputedStyle(at).backgroundColor);
            if (colour.length < 4 || colour[3] > 0) return colour;
        }
        return [255, 255, 255];
    };
    const isText = (node) => [...node.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
    const weak = [];
    for (const node of part.querySelectorAll('*')) {
        if (!isText(node) || !node.getClientRects().length || node.closest('.sr-only, :disabled')) continue;
        const pair = [light(parse(getComputedStyle(node).color)), light(behind(node))].sort((x, y) => y - x);
        const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
        const text = node.textContent.slice(0, 30);
        if (ratio < 4.5) weak.push(`${node.className || node.tagName} ${ratio.toFixed(2)} ${text}`);
    }
    return weak;
}"""
# Controls without a name that is read aloud, tables without a caption, heads without a scope.
_NAMELESS: Final = """(part) => {
    const isNamed = (node) => node.getAttribute('aria-label') || node.textContent.trim() || node.closest('label')
        || (node.id && document.querySelector(`label[for="${node.id}"]`));
    const controls = [...part.querySelectorAll('button, input:not([type=hidden]), a')].filter((node) => !isNamed(node));
    const tables = [...part.querySelectorAll('table')].filter((table) => !table.querySelector('caption'));
    const heads = [...part.querySelectorAll('th')].filter((head) => !head.scope);
    return [...controls, ...tables, ...heads].map((node) => node.outerHTML.slice(0, 80));
}"""
_MISSING: Final = ("«", "undefined", "NaN", "{")


def look_at(part: Locator) -> dict[str, Any]:
    """Return what is wrong with a part: what sticks out, weak text, controls without a name, missing words."""
    text = part.inner_text()
    return {
        "outside": part.evaluate(_OUTSIDE),
        "weak": part.evaluate(_WEAK),
        "nameless": part.evaluate(_NAMELESS),
        "missing": [mark for mark in _MISSING if mark in text],
    }


def judge(part: Locator) -> None:
    """Assert that a part is whole, readable (contrast 4.5), named for screen readers, and has all its words."""
    assert look_at(part) == {"outside": [], "weak": [], "nameless": [], "missing": []}
