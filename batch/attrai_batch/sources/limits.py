"""How much of an archive is read before it is taken for hostile: named numbers, so that tests can use smaller ones."""

from dataclasses import dataclass

MB = 1 << 20


@dataclass(frozen=True, slots=True)
class SourceLimits:
    """Bytes where nothing else is said. Photos are compressed already: archives of them have a ratio near 1."""

    photo: int = 100 * MB
    """Of one photo: the largest that phones and cameras write have about half."""
    members: int = 20_000_000
    """Of one archive, photos or not."""
    ratio: int = 100
    """Bytes unpacked for each byte of the archive; deflate alone reaches 1,030."""
    slack: int = 64 * MB
    """Unpacked bytes that are allowed whatever the ratio."""
    header: int = MB // 4
    """What a tar may say of one member beside its data: name, attributes, access lists."""
    xz_memory: int = 256 * MB
    """What unpacking xz may take; its highest preset needs 65 MB."""

    def is_bomb(self, unpacked: int, packed: int) -> bool:
        """Whether so many bytes are too many for what they were unpacked from."""
        return unpacked > self.ratio * packed + self.slack


SOURCE_LIMITS = SourceLimits()
