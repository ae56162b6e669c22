"""Reads a call's parameters from the query, from JSON or from a form."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.web_request import FileField

from .errors import bad_request
from .media import Upload

Fields = dict[str, object]


@dataclass(frozen=True)
class Parameters:
    """`fields` unparsed: values are text, except in JSON. `uploads` by the names of their parts."""

    fields: Fields = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)

    @property
    def chat_id(self) -> int | None:
        """The call's chat, to find ordered failures."""
        text = str(self.fields.get("chat_id", ""))
        return int(text) if text.lstrip("-").isdecimal() else None


async def read_parameters(request: web.Request) -> Parameters:
    """Empty values count as absent. Raises ApiError for a body that cannot be read."""
    query: Fields = dict(request.query)
    body = Parameters()
    if request.content_type == "application/json":
        body = Parameters(await _json(request))
    elif request.content_type in ("multipart/form-data", "application/x-www-form-urlencoded"):
        body = await _form(request)
    fields = {name: value for name, value in (query | body.fields).items() if value not in ("", None)}
    return Parameters(fields, body.uploads)


async def _json(request: web.Request) -> Fields:
    try:
        found = await request.json() if request.can_read_body else {}
    except ValueError as error:
        raise bad_request("can't parse JSON object") from error
    if not isinstance(found, Mapping):
        raise bad_request("object expected as parameters")
    return dict(found)


async def _form(request: web.Request) -> Parameters:
    try:
        form = await request.post()
    except ValueError as error:
        raise bad_request("can't parse the form") from error
    fields: Fields = {}
    uploads: dict[str, Upload] = {}
    for name, value in form.items():
        if isinstance(value, FileField):
            uploads[name] = read_upload(value)
        else:
            fields[name] = value if isinstance(value, str) else value.decode(errors="replace")
    return Parameters(fields, uploads)


def read_upload(part: FileField) -> Upload:
    """A form's part with a file."""
    with part.file:
        data = part.file.read()
    return Upload(data, part.filename, part.content_type)
