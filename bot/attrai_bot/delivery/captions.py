"""Captions of pictures, and sentences about failures. Pure."""

from bisect import bisect_right
from itertools import accumulate

from attrai_shared.contracts import FaceScore, Language

from attrai_bot.texts import SENTENCES, TextParams, decimal, translate

CAPTION_LIMIT = 1024
"""Characters of a caption (Bot API, sendPhoto). The texts use the basic plane alone, so these are UTF-16 units too."""


def caption(language: Language, faces: tuple[FaceScore, ...]) -> str:
    """The number of faces and the score of each, in the order drawn. Faces beyond `CAPTION_LIMIT` are counted."""
    title = translate(language, "faces", count=len(faces))
    if len(faces) == 1:
        return f"{title}\n{_single(language, faces[0])}"
    lines = [_line(language, number, face) for number, face in enumerate(faces, 1)]
    return "\n".join([title, *_fitting(language, lines, CAPTION_LIMIT - len(title) - 1)])


def failure_sentence(language: Language, code: str, request_id: str, text_params: TextParams) -> str:
    """The sentence for an error code, with the first digits of the request id to quote."""
    sentence = translate(language, code if code in SENTENCES[language] else "error", **text_params)
    return f"{sentence} {translate(language, 'quote', short_id=request_id[:8])}"


def _single(language: Language, face: FaceScore) -> str:
    if face.reasons:
        return translate(language, "single_gated", reason=_reason(language, face))
    return translate(language, "single", score=decimal(language, face.score))


def _line(language: Language, number: int, face: FaceScore) -> str:
    if face.reasons:
        return translate(language, "face_gated", number=number, reason=_reason(language, face))
    return translate(language, "face", number=number, score=decimal(language, face.score))


def _reason(language: Language, face: FaceScore) -> str:
    known = [f"reason.{code}" for code in face.reasons if f"reason.{code}" in SENTENCES[language]]
    return translate(language, known[0] if known else "reason.other")


def _fitting(language: Language, lines: list[str], room: int) -> list[str]:
    """The lines that fit into `room` characters. Where some do not, a last line counts them."""
    if len("\n".join(lines)) <= room:
        return lines
    room -= len(translate(language, "more", more=len(lines)))
    ends = list(accumulate(len(line) + 1 for line in lines))
    kept = bisect_right(ends, room)
    return [*lines[:kept], translate(language, "more", more=len(lines) - kept)]
