#!/usr/bin/env python3
"""Makes the font subsets in this folder out of the Debian font packages.

Needs fonttools and the packages named in README.md. Run it in this folder;
it writes the .ttf and .otf files and prints the SHA-256 of what it read and
wrote. The release build never runs it: the results are in the repository.
"""

import hashlib
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

NOTO = Path("/usr/share/fonts/truetype/noto")
CJK = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
DROID = Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf")

LATIN_GREEK_CYRILLIC = [
    (0x0020, 0x007E), (0x00A0, 0x024F), (0x0250, 0x02FF), (0x0300, 0x036F), (0x0370, 0x03FF),
    (0x0400, 0x052F), (0x1E00, 0x1EFF), (0x1F00, 0x1FFF), (0x2010, 0x2027), (0x2030, 0x205E),
    (0x2070, 0x209C), (0x20A0, 0x20C0), (0x2100, 0x218B), (0x2190, 0x21FF), (0x2200, 0x22FF),
    (0x2500, 0x25FF), (0x2C60, 0x2C7F), (0xA720, 0xA7FF), (0xFB00, 0xFB06), (0xFFFD, 0xFFFD),
]
ARABIC = [(0x0600, 0x06FF), (0x0750, 0x077F), (0x08A0, 0x08FF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC)]
HEBREW = [(0x0590, 0x05FF), (0xFB1D, 0xFB4F)]
HAN = [(0x4E00, 0x9FA5)]


def expand(ranges):
    return {c for first, last in ranges for c in range(first, last + 1)}


def decodable(codec, singles=True):
    """Every character that the two-byte codec can say."""
    found = set()
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0xFF):
            try:
                found.update(map(ord, bytes([lead, trail]).decode(codec)))
            except UnicodeDecodeError:
                pass
    if singles:
        for byte in range(0x80, 0x100):
            try:
                found.update(map(ord, bytes([byte]).decode(codec)))
            except UnicodeDecodeError:
                pass
    return {c for c in found if not 0xE000 <= c <= 0xF8FF}


def japanese():
    wanted = decodable("cp932") | decodable("shift_jisx0213") | decodable("shift_jis_2004")
    return {c for c in wanted if c >= 0x2E80}


def korean():
    """The 2,350 syllables of KS X 1001 and single letters; all 11,172 would be twice the size."""
    return {c for c in decodable("euc_kr") if 0x3130 <= c <= 0x318F or 0xAC00 <= c <= 0xD7A3}


def write(source, target, wanted, features, number=None):
    options = subset.Options()
    options.layout_features = features
    options.hinting = False
    options.desubroutinize = False
    options.notdef_outline = True
    options.glyph_names = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.name_languages = [0x409]
    options.drop_tables += ["FFTM", "MATH", "meta", "DSIG", "vhea", "vmtx", "VORG", "BASE"]
    # The time of making must not show in the bytes.
    options.recalc_timestamp = False
    options.font_number = number if number is not None else -1
    font = subset.load_font(str(source), options)
    have = {c for table in font["cmap"].tables if table.isUnicode() for c in table.cmap}
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=sorted(wanted & have))
    subsetter.subset(font)
    subset.save_font(font, target, options)
    data = Path(target).read_bytes()
    print(f"{hashlib.sha256(data).hexdigest()}  {target}  {len(data)} bytes, {len(wanted & have)} characters")
    return wanted & have


def main():
    simple = ["kern", "mark", "mkmk", "ccmp", "locl"]
    arabic = simple + ["init", "medi", "fina", "isol", "rlig", "calt", "curs"]
    for source in sorted({NOTO / f"NotoSans{n}.ttf" for n in ("-Regular", "-Bold", "Mono-Regular", "Arabic-Regular", "Hebrew-Regular")} | {CJK, DROID}):
        print(f"{hashlib.sha256(source.read_bytes()).hexdigest()}  {source}")
    latin = expand(LATIN_GREEK_CYRILLIC)
    write(NOTO / "NotoSans-Regular.ttf", "NotoSans-Regular.ttf", latin, simple)
    write(NOTO / "NotoSans-Bold.ttf", "NotoSans-Bold.ttf", latin, simple)
    write(NOTO / "NotoSansMono-Regular.ttf", "NotoSansMono-Regular.ttf", latin, ["mark", "mkmk", "ccmp", "locl"])
    write(NOTO / "NotoSansArabic-Regular.ttf", "NotoSansArabic-Regular.ttf", expand(ARABIC), arabic)
    write(NOTO / "NotoSansHebrew-Regular.ttf", "NotoSansHebrew-Regular.ttf", expand(HEBREW), simple)
    have = write(CJK, "NotoSansCJKjp-Regular.otf", japanese() | korean(), [], number=0)
    rest = ((decodable("gb2312") | decodable("big5")) & expand(HAN)) - have
    write(DROID, "DroidSansFallback.ttf", rest, [])


if __name__ == "__main__":
    sys.exit(main())
