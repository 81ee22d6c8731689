#!/usr/bin/env python3
"""Makes tests/data/formats/zip with Python's zipfile and torch.save; needed only to regenerate.

Needs torch. Usage: make_zip_fixtures.py OUTPUT_FOLDER
"""

import io
import pathlib
import sys
import zipfile

import torch

WORDS = "".join(f"word {i}\n" for i in range(2000)).encode()
NOISE = bytes((i * i * 31 >> 3) & 0xFF for i in range(500))
ZEROS = bytes(2_500_000)


class Unseekable(io.RawIOBase):
    """A stream that cannot go back, so that sizes come in a data descriptor behind each member."""

    def __init__(self, file):
        super().__init__()
        self.file = file

    def writable(self):
        return True

    def write(self, data):
        return self.file.write(data)


def member(name, method):
    info = zipfile.ZipInfo(name, (2024, 5, 6, 7, 8, 10))
    info.compress_type = method
    return info


def wheel(archive):
    """Like a wheel: deflated files, stored ones, a folder, an empty file."""
    archive.writestr(member("pkg/", zipfile.ZIP_STORED), b"")
    archive.writestr(member("pkg/words.txt", zipfile.ZIP_DEFLATED), WORDS)
    archive.writestr(member("pkg/noise.bin", zipfile.ZIP_STORED), NOISE)
    archive.writestr(member("pkg/größe.txt", zipfile.ZIP_DEFLATED), b"1")
    archive.writestr(member("pkg/empty", zipfile.ZIP_STORED), b"")
    archive.writestr(member("pkg/zeros.bin", zipfile.ZIP_DEFLATED), ZEROS)


def small(archive, **options):
    for name, method in (("a.txt", zipfile.ZIP_DEFLATED), ("b.bin", zipfile.ZIP_STORED)):
        with archive.open(member(name, method), "w", **options) as out:
            out.write(WORDS[:70] if name == "a.txt" else NOISE[:20])


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / "wheel.whl", "w") as archive:
        wheel(archive)
    with zipfile.ZipFile(folder / "zip64.zip", "w") as archive:
        small(archive, force_zip64=True)
    with open(folder / "stream.zip", "wb") as file, zipfile.ZipFile(Unseekable(file), "w") as archive:
        small(archive)
    with zipfile.ZipFile(folder / "comment.zip", "w") as archive:
        small(archive)
        archive.comment = b"made by hand"
    torch.save({"weight": torch.arange(6, dtype=torch.float32), "bias": torch.tensor([0.5])}, folder / "tiny.pth")


if __name__ == "__main__":
    main()
