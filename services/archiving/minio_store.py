"""The archive in MinIO, or any S3 store with an atomic create-only put.

A put stores the SHA-256 of the object's last bytes as metadata of the object, in TAIL_HEADER. A GET
of the object's end brings the metadata along, so one request gives the bytes and their checksum.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus, urlencode
from xml.etree import ElementTree

from services.archiving.s3_client import Answer, S3Client, S3Location, resolved
from services.archiving.store import BrokenAnswerError, StoreUnavailableError

# Its value: the number of bytes at the object's end, a colon, their SHA-256.
TAIL_HEADER = "x-amz-meta-dronewatch-tail"
TAIL_VALUE = re.compile(r"(\d{1,12}):([0-9a-f]{64})")
CHECKED_BYTES = 64 * 1024
# MinIO says `bytes 0--1/0` of an empty object.
CONTENT_RANGE = re.compile(r"bytes (\d+)-(-?\d+)/(\d+)")
GETS = 3

OK = 200
PARTIAL = 206
NOT_FOUND = 404
NAME_TAKEN = 412
# The answer to a range of an empty object.
NO_SUCH_RANGE = 416


@dataclass(frozen=True, slots=True)
class Tail:
    """An object's last bytes as one GET gave them.

    `is_intact` is None if no checksum covers all of them.
    """

    content: bytes
    is_intact: bool | None


class MinioStore:
    """Objects are objects of one bucket. After a failure the next endpoint's turn comes."""

    def __init__(self, location: S3Location, clients: Sequence[S3Client] = ()) -> None:
        self.location = location
        self.clients = list(clients) or [S3Client(location, url) for url in location.endpoints]

    def put_new(self, name: str, content: bytes) -> bool:
        """Send one PUT with `If-None-Match: *`; 412 means that the name is taken."""
        headers = {
            "If-None-Match": "*",
            "Content-Type": "application/vnd.apache.parquet",
            TAIL_HEADER: tail_value(content),
        }
        client, answer = self._request("PUT", self._path(name), headers, content)
        if answer.status in (OK, NAME_TAKEN):
            return answer.status == OK
        raise client.failure(answer, f"a put of {name}")

    def tail(self, name: str, size_bytes: int) -> bytes | None:
        """Ask until the checksum holds, or, without a checksum, until two answers are the same.

        StoreUnavailableError if that is never so.
        """
        unchecked: set[bytes] = set()
        for _ in range(GETS):
            try:
                tail = self._tail(name, max(size_bytes, CHECKED_BYTES))
            except BrokenAnswerError:
                continue
            if tail is None:
                return None
            if tail.is_intact or tail.content in unchecked:
                return tail.content[-size_bytes:]
            if tail.is_intact is None:
                unchecked.add(tail.content)
        raise StoreUnavailableError(
            f"{self.location.endpoint}, bucket {self.location.bucket}: {GETS} answers"
            f" to a GET of {name} were cut or do not match its checksum"
        )

    def _tail(self, name: str, size_bytes: int) -> Tail | None:
        client, answer = self._request("GET", self._path(name), {"Range": f"bytes=-{size_bytes}"})
        if answer.status == NOT_FOUND and answer.code == "NoSuchKey":
            return None
        if answer.status == NO_SUCH_RANGE:
            return Tail(b"", None)
        if answer.status not in (OK, PARTIAL):
            raise client.failure(answer, f"a GET of {name}")
        return Tail(_whole(answer), is_intact(answer))

    def folders(self, folder: str) -> list[str]:
        """The common prefixes directly below the folder."""
        return [name for name in self._listed(folder, "/") if name.endswith("/")]

    def names(self, folder: str) -> Iterator[str]:
        """Names of all objects below the folder."""
        yield from self._listed(folder, "")

    def addresses(self) -> list["MinioStore"]:
        """One store for each IP address that the endpoints' hosts resolve to."""
        return [
            MinioStore(self.location, [S3Client(self.location, endpoint, address)])
            for endpoint in self.location.endpoints
            for address in resolved(endpoint)
        ]

    def _listed(self, folder: str, delimiter: str) -> Iterator[str]:
        query = {"list-type": "2", "encoding-type": "url", "prefix": folder}
        query |= {"delimiter": delimiter} if delimiter else {}
        while True:
            page = self._page(query)
            yield from _names(page)
            token = page.findtext("{*}NextContinuationToken")
            if not token:
                return
            query["continuation-token"] = token

    def _page(self, query: dict[str, str]) -> ElementTree.Element:
        target = f"/{self.location.bucket}?{urlencode(query, quote_via=quote, safe='')}"
        client, answer = self._request("GET", target, {})
        if answer.status != OK:
            raise client.failure(answer, f"listing {query['prefix']}")
        try:
            return ElementTree.fromstring(answer.body)
        except ElementTree.ParseError as error:
            raise BrokenAnswerError(f"{client}: a listing that is no XML: {error}") from error

    def _path(self, name: str) -> str:
        return f"/{self.location.bucket}/{quote(name)}"

    def _request(
        self, method: str, target: str, headers: dict[str, str], body: bytes = b""
    ) -> tuple[S3Client, Answer]:
        client = self.clients[0]
        try:
            return client, client.request(method, target, headers, body)
        except StoreUnavailableError:
            self.clients = [*(other for other in self.clients if other is not client), client]
            raise


def tail_value(content: bytes) -> str:
    """The value of TAIL_HEADER for an object."""
    checked = content[-CHECKED_BYTES:]
    return f"{len(checked)}:{hashlib.sha256(checked).hexdigest()}"


def is_intact(answer: Answer) -> bool | None:
    """Whether an object's end matches the checksum that came with it; None if it cannot tell."""
    value = TAIL_VALUE.fullmatch(answer.headers.get(TAIL_HEADER, ""))
    if value is None:
        return None
    checked_bytes, content = int(value[1]), answer.body
    checked = content[max(0, len(content) - checked_bytes) :]
    if len(checked) < checked_bytes:
        return None
    if hashlib.sha256(checked).hexdigest() != value[2]:
        return False
    return True if len(checked) == len(content) else None


def _whole(answer: Answer) -> bytes:
    """The body. BrokenAnswerError if it is not what its Content-Range says."""
    if answer.status == OK:
        return answer.body
    said = answer.headers.get("Content-Range", "")
    found = CONTENT_RANGE.fullmatch(said)
    first, last, size = (int(number) for number in found.groups()) if found else (0, 0, 0)
    if (last + 1, last + 1 - first) != (size, len(answer.body)):
        raise BrokenAnswerError(f"{len(answer.body)} bytes came as Content-Range {said!r}")
    return answer.body


def _names(page: ElementTree.Element) -> Iterator[str]:
    is_encoded = page.findtext("{*}EncodingType") == "url"
    for path in ("{*}Contents/{*}Key", "{*}CommonPrefixes/{*}Prefix"):
        for element in page.iterfind(path):
            name = element.text or ""
            yield unquote_plus(name) if is_encoded else name
