"""Whether a checkpoint unfolds to more than it is: a zip of one megabyte may hold a thousand of zeros.

torch.save stores its parts as they are; torch.load unfolds compressed ones all the same, before it looks at them.
"""

from __future__ import annotations

import io
import zipfile


def why_folded(raw: bytes) -> str | None:
    """The reason why the file must not be unfolded; None where it holds nothing that is compressed."""
    if not zipfile.is_zipfile(io.BytesIO(raw)):
        return None  # the older format is no zip
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            folded = [part for part in archive.infolist() if part.compress_type != zipfile.ZIP_STORED]
            most = sum(part.file_size for part in archive.infolist())
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        return f"its zip is damaged ({error})"
    if folded or most > len(raw):
        return f"its parts are compressed, and unfold to {most} bytes; torch.save compresses nothing"
    return None
