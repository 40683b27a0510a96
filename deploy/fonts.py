"""Makes the CJK font subsets of the phone, the customer copy and the console from the font package (decision 25).

Run by set-up as ``python -m deploy.fonts --source FOLDER``; the results are ignored by git and never committed.
"""

import argparse
import shutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from fontTools import subset, ttLib
from fontTools.ttLib import scaleUpem

ROOT: Final = Path(__file__).resolve().parents[1]
PHONE_FONTS: Final = ROOT / "mobile" / "assets" / "fonts"
CONSOLE_FONTS: Final = ROOT / "server" / "static" / "vendor" / "fonts"
FACES: Final = {"Regular": "400Regular/NotoSansSC_400Regular.ttf", "Bold": "700Bold/NotoSansSC_700Bold.ttf"}
FULL_FACE: Final = "NotoSansSC-Full.ttf"
PAPER_FACE: Final = "NotoSansSC-Paper.ttf"
# Outlines on a grid of 128 units are a third smaller; at 300 dots per inch a dot is coarser up to 30 points.
_PAPER_UNITS: Final = 128

# Latin with accents, punctuation, super- and subscripts, currency, arrows, mathematics, technical signs, boxes,
# shapes, signs such as warnings and ticks, CJK punctuation, full-width forms. What the face lacks is left out.
_RANGES: Final = (
    (0x0020, 0x007E),
    (0x00A0, 0x024F),
    (0x0370, 0x03FF),
    (0x2000, 0x206F),
    (0x2070, 0x209F),
    (0x20A0, 0x20BF),
    (0x2100, 0x214F),
    (0x2150, 0x218F),
    (0x2190, 0x21FF),
    (0x2200, 0x22FF),
    (0x2300, 0x23FF),
    (0x2460, 0x24FF),
    (0x2500, 0x25FF),
    (0x2600, 0x27BF),
    (0x27F0, 0x27FF),
    (0x3000, 0x303F),
    (0xFF00, 0xFFEF),
)


def wanted_code_points() -> set[int]:
    """Return the code points of every subset: GB2312's 6,763 hanzi and signs, Latin, and the interface's symbols."""
    points = {point for first, last in _RANGES for point in range(first, last + 1)}
    return points | {ord(character) for character in _gb2312_characters()}


def _gb2312_characters() -> str:
    pairs = (bytes((row, cell)) for row in range(0xA1, 0xF8) for cell in range(0xA1, 0xFF))
    return b"".join(pairs).decode("gb2312", errors="ignore")


def make_subset(source: Path, target: Path) -> Path:
    """Write the subset of one face to ``target`` as TTF without hinting and layout features."""
    options = subset.Options(hinting=False, layout_features=[], notdef_outline=True)
    font = subset.load_font(str(source), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=wanted_code_points())
    subsetter.subset(font)
    target.parent.mkdir(parents=True, exist_ok=True)
    subset.save_font(font, str(target), options)
    return target


def convert_to_woff(source: Path, target: Path) -> Path:
    """Write the browser's compressed form of a finished subset."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with ttLib.TTFont(str(source)) as font:
        font.flavor = "woff"
        font.save(str(target))
    return target


def make_face(package: Path, face: str) -> None:
    """Write one weight for the phone and the customer copy (TTF) and for browsers (WOFF)."""
    phone = make_subset(package / FACES[face], PHONE_FONTS / f"NotoSansSC-{face}.ttf")
    convert_to_woff(phone, CONSOLE_FONTS / f"NotoSansSC-{face}.woff")
    shutil.copyfile(phone, CONSOLE_FONTS / phone.name)


def make_paper(source: Path, target: Path) -> Path:
    """Write the face of printed copies: the regular subset on a coarser grid, without tables that no PDF reads."""
    with ttLib.TTFont(str(source)) as font:
        for tag in set(font.keys()) & {"BASE", "STAT", "gasp", "vhea", "vmtx"}:
            del font[tag]
        scaleUpem.scale_upem(font, _PAPER_UNITS)
        font.save(str(target))
    return target


def make_all(package: Path) -> None:
    """Write every face, the whole regular face for names outside GB2312, and the font's licence beside them."""
    with ProcessPoolExecutor(max_workers=2) as pool:
        list(pool.map(make_face, (package, package), FACES))
    make_paper(CONSOLE_FONTS / "NotoSansSC-Regular.ttf", CONSOLE_FONTS / PAPER_FACE)
    for folder in (PHONE_FONTS, CONSOLE_FONTS):
        shutil.copyfile(package / FACES["Regular"], folder / FULL_FACE)
        shutil.copyfile(package / "LICENSE_FONT", folder / "LICENSE_FONT")


def main() -> None:
    """Read the command line and make the subsets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True, help="folder of the installed font package")
    make_all(parser.parse_args().source)


if __name__ == "__main__":
    main()
