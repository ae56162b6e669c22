"""The reader: opens the source that the command line names."""

from pathlib import Path

from attrai_batch.errors import NotAnArchive, SourceError
from attrai_batch.sources.archive import ArchiveSource
from attrai_batch.sources.download import DownloadRules, download, redacted_url
from attrai_batch.sources.download_paths import DownloadPaths
from attrai_batch.sources.entries import PhotoSource
from attrai_batch.sources.folder import FolderSource
from attrai_batch.sources.zip_names import DEFAULT_ENCODING

NO_RULES = DownloadRules()


def open_source(
    source: str, cache: Path, rules: DownloadRules = NO_RULES, *, zip_encoding: str = DEFAULT_ENCODING
) -> PhotoSource:
    """A folder, a tar (plain, gzip, bzip2, xz), a zip, or the http or https URL of an archive.

    A URL is downloaded to `cache` and opened there; otherwise nothing is written. `zip_encoding`: of names in a
    zip that are not UTF-8. Raises SourceError.
    """
    scheme, separator, _ = source.partition("://")
    if separator:
        return _downloaded(scheme.lower(), source, cache, rules, zip_encoding)
    if rules.sha256 is not None:
        raise SourceError("a checksum is for a URL: what is on a disk is not verified")
    path = Path(source)
    return FolderSource(path) if path.is_dir() else ArchiveSource(path, zip_encoding=zip_encoding)


def _downloaded(scheme: str, url: str, cache: Path, rules: DownloadRules, zip_encoding: str) -> PhotoSource:
    if scheme not in ("http", "https"):
        raise SourceError(f"{scheme} is no scheme that can be downloaded: http and https are")
    file = download(url, cache, rules)
    name = Path(redacted_url(url)).name
    try:
        return ArchiveSource(file.path, name=name, fingerprint=file.sha256, zip_encoding=zip_encoding)
    except NotAnArchive as error:
        DownloadPaths(cache).delete()
        raise SourceError(f"{redacted_url(url)} is {error.what}; the download was deleted") from error
