"""The error tree. Each leaf has a code for messages and logs, which is also the key of the user's sentence.

AttraiError
├── PhotoError              the photo cannot be estimated; the user can send another
│   ├── NoFace              no_face
│   ├── Unreadable          unreadable
│   ├── WrongKind           wrong_kind
│   ├── TooManyBytes        too_many_bytes
│   ├── TooManyPixels       too_many_pixels
│   ├── TooSmall            too_small
│   └── TooElongated        too_elongated
├── RequestError            the request ends without a result
│   ├── QuotaExceeded       quota_exceeded
│   ├── Busy                busy
│   ├── TimedOut            timed_out
│   └── GivenUp             given_up
├── ServiceError            a server or disk does not answer
│   ├── BrokerUnavailable   broker_unavailable
│   ├── RequestStoreUnavailable   ledger_unavailable
│   ├── StoreUnavailable    store_unavailable
│   └── DownloadFailed      download_failed
└── ContractError           a message or name that no service sends
    ├── RefusedMessage      refused_message
    └── RefusedName         refused_name
"""

from typing import ClassVar


class AttraiError(Exception):
    """The base class. `code` is stable: messages, logs and JSON lines carry it."""

    code: ClassVar[str] = "error"


class PhotoError(AttraiError):
    """The photo itself cannot be estimated."""


class NoFace(PhotoError):
    code = "no_face"


class Unreadable(PhotoError):
    code = "unreadable"


class WrongKind(PhotoError):
    code = "wrong_kind"


class TooManyBytes(PhotoError):
    code = "too_many_bytes"


class TooManyPixels(PhotoError):
    code = "too_many_pixels"


class TooSmall(PhotoError):
    code = "too_small"


class TooElongated(PhotoError):
    code = "too_elongated"


class RequestError(AttraiError):
    """The request ends without a result, whatever the photo shows."""


class QuotaExceeded(RequestError):
    code = "quota_exceeded"


class Busy(RequestError):
    code = "busy"


class TimedOut(RequestError):
    code = "timed_out"


class GivenUp(RequestError):
    code = "given_up"


class ServiceError(AttraiError):
    """A server or a disk that the service needs does not answer."""


class BrokerUnavailable(ServiceError):
    code = "broker_unavailable"


class RequestStoreUnavailable(ServiceError):
    code = "ledger_unavailable"


class StoreUnavailable(ServiceError):
    code = "store_unavailable"


class DownloadFailed(ServiceError):
    code = "download_failed"


class ContractError(AttraiError):
    """Input from outside that is refused."""


class RefusedMessage(ContractError):
    code = "refused_message"


class RefusedName(ContractError):
    code = "refused_name"
