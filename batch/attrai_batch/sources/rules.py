"""Which names of a source are photos, which are skipped, which are unsafe; and how much of an archive is read. Pure."""

import re
from dataclasses import dataclass
from posixpath import splitext

MIB = 1 << 20
READABLE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".webp", ".heic", ".heif", ".hif", ".gif"}
)
"""Suffixes of the formats that the estimator reads."""
UNSUPPORTED_SUFFIXES = frozenset({".avif", ".bmp", ".jp2", ".jxl", ".tif", ".tiff", ".dng", ".cr2", ".nef", ".arw"})
"""Suffixes of photos that the estimator does not read. They are submitted, so that each gets a row with the reason."""
ARCHIVE_SUFFIXES = frozenset(
    ".7z .bz2 .cbr .cbz .gz .iso .lz4 .lzma .rar .tar .tbz .tbz2 .tgz .txz .tzst .xz .z .zip .zst".split()  # noqa: SIM905 - a list has a line for each
)
"""Suffixes of archives. An archive in a source is not opened."""
OTHER_SUFFIXES = frozenset(
    (  # noqa: SIM905 - a list has a line for each
        ".aac .ai .aiff .apk .avi .bat .c .cfg .class .conf .cpp .css .csv .db .dll .doc .docx .eml .eps .epub .exe "
        ".feather .flac .h .h5 .hdf5 .htm .html .ini .ipynb .jar .java .js .json .jsonl .lnk .log .lst .m4a .m4v .mat "
        ".md .mid .mkv .mov .mp3 .mp4 .mpeg .mpg .mts .npy .npz .odp .ods .odt .ogg .onnx .opus .otf .parquet .pdf .php "
        ".pickle .pkl .ppt .pptx .ps .psd .pt .pth .py .rb .rst .rtf .safetensors .sh .so .sql .sqlite .srt .svg .tex "
        ".toml .tsv .ttf .txt .url .wav .webm .wma .wmv .woff .woff2 .xlsx .xls .xml .xmp .yaml .yml"
    ).split()
)
"""Suffixes that say that a file is no photo. Files with any other suffix are decided by their first bytes."""
SKIPPED_FOLDERS = frozenset(
    {"__macosx", "@eadir", "#recycle", "#snapshot", "@recycle", "$recycle.bin", "system volume information"}
)
"""Folders, in lower case, that macOS, Windows, Synology and QNAP make: attributes, thumbnails, deleted files."""
PHOTO_SUFFIXES = READABLE_SUFFIXES | UNSUPPORTED_SUFFIXES
DRIVE = re.compile(r"[A-Za-z]:/")
MAX_NAME_LENGTH = 4096
"""Characters of a name, as the contract of a chunk allows."""


@dataclass(frozen=True, slots=True)
class SourceLimits:
    """How much of a source is read before it counts as hostile; in bytes unless said otherwise. Tests use smaller ones."""

    photo: int = 100 * MIB
    """One photo. The largest that phones and cameras write have about half."""
    members: int = 20_000_000
    """Number of members of one archive, photos or not."""
    ratio: int = 100
    """Unpacked bytes for each byte of the archive. Photos are compressed already, so that it is about 1; deflate reaches 1,030."""
    slack: int = 64 * MIB
    """Unpacked bytes that are allowed whatever the ratio."""
    header: int = MIB // 4
    """What a tar says of one member beside its data: name, attributes, access lists."""
    xz_memory: int = 256 * MIB
    """Memory for unpacking xz, whose highest preset needs 65 MB."""

    def is_bomb(self, unpacked: int, packed: int) -> bool:
        """Whether `unpacked` bytes are too many for `packed` ones."""
        return unpacked > self.ratio * packed + self.slack


DEFAULT_SOURCE_LIMITS = SourceLimits()


def is_photo(name: str) -> bool:
    """By the suffix alone, upper or lower case."""
    return splitext(name)[1].lower() in PHOTO_SUFFIXES  # pathlib would intern every name


def is_archive(name: str) -> bool:
    """By the suffix alone."""
    return splitext(name)[1].lower() in ARCHIVE_SUFFIXES


def suffix_says_nothing(name: str) -> bool:
    """Whether only the first bytes can tell what the file is."""
    suffix = splitext(name)[1].lower()
    return suffix not in PHOTO_SUFFIXES and suffix not in OTHER_SUFFIXES and suffix not in ARCHIVE_SUFFIXES


def is_hidden(name: str) -> bool:
    """Whether a part of the path begins with a dot, or is a folder that a program made beside the photos."""
    return any(part.startswith(".") or part.lower() in SKIPPED_FOLDERS for part in name.split("/"))


def normalized(name: str) -> str:
    """A member's name in its shortest form: `a/b.jpg` for `./a//b.jpg`. Unsafe parts stay."""
    root = "/" if name.startswith("/") else ""
    return root + "/".join(part for part in name.split("/") if part not in ("", "."))


def unsafe_reason(name: str) -> str | None:
    """Why a name is unsafe, as the end of a sentence; None if it can only lead downwards."""
    slashed = name.replace("\\", "/")
    parts = slashed.split("/")
    if slashed.startswith("/") or DRIVE.match(slashed):
        return "an absolute name"
    if ".." in parts:
        return "a name with .. in it"
    if "\0" in name or not _is_text(name):
        return "a name that is no text"
    return f"a name of over {MAX_NAME_LENGTH} characters" if len(name) > MAX_NAME_LENGTH else None


def escaped_name(name: str) -> str:
    """A name for the table: what UTF-8 cannot hold is escaped, and it is no longer than the contract allows."""
    return name.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")[:MAX_NAME_LENGTH]


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
