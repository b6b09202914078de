"""The API of this room: files in parts, which a registration then takes."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, BinaryIO, cast
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from models.registry import records as r
from models.registry.models import Upload
from models.registry.uploading import abandon, complete, open_upload, put_part
from models.rest.problems import Problem, invalid
from models.rest.records import ApiRequest, nothing, reply
from models.rest.router import Router

router = Router(tags=["Uploads"])
DIGEST = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?=$|,)")
CHECKED = ("checksum-mismatch", "too-large", "storage-full", "refused")


@router.on("POST", "/uploads", {201: r.UploadRecord}, action="register", once=True, problems=("too-large",))
def create_upload(request: ApiRequest, body: r.NewUpload) -> HttpResponse:
    """Begin an upload.

    The answer says how large each part has to be. It is kept for a day.
    """
    made = open_upload(request.user, request.organisation, body.file_name, body.size, body.sha256, body.part_size)
    return reply(r.upload_record(made), 201, location=f"/api/v1/uploads/{made.pk}")


@router.on("GET", "/uploads/{uuid:upload_id}", {200: r.UploadRecord}, action="register")
def get_upload(request: ApiRequest, upload_id: UUID) -> HttpResponse:
    """Get an upload, with the parts that arrived.

    After a cut line send those that are missing.
    """
    return reply(r.upload_record(mine(request, upload_id)))


@router.on(
    "PUT", "/uploads/{uuid:upload_id}/parts/{int:number}", {200: r.PartRecord},
    action="register", raw=True, problems=CHECKED,
)  # fmt: skip
def put_upload_part(request: ApiRequest, upload_id: UUID, number: int) -> HttpResponse:
    """Send a part.

    Parts are numbered from 0, in any order, several at once; sending one again is harmless. The header Content-Digest
    (RFC 9530) says the SHA-256 of the part's bytes: sha-256=:base64:
    """
    upload = mine(request, upload_id)
    if request.content_type != "application/octet-stream":
        raise Problem("unsupported-media-type", "Send the part with the header Content-Type: application/octet-stream.")
    part = put_part(upload, number, cast(BinaryIO, request), digest(request.headers.get("Content-Digest", "")))
    return reply(r.PartRecord(number=part.number, size=part.size, sha256=part.sha256))


@router.on(
    "POST", "/uploads/{uuid:upload_id}/complete", {200: r.UploadRecord}, action="register", problems=CHECKED
)  # fmt: skip
def complete_upload(request: ApiRequest, upload_id: UUID, body: r.Whole | None = None) -> HttpResponse:
    """Complete an upload.

    With the file's SHA-256, now or at the beginning, the whole of it is compared. A second time changes nothing.
    """
    done = complete(mine(request, upload_id), body.sha256 if body else None)
    return reply(r.upload_record(done))


@router.on("DELETE", "/uploads/{uuid:upload_id}", {204: None}, action="register", problems=("refused",))
def abandon_upload(request: ApiRequest, upload_id: UUID) -> HttpResponse:
    """Abandon an upload; its parts are removed."""
    abandon(mine(request, upload_id))
    return nothing()


def mine(request: ApiRequest, upload_id: UUID) -> Upload:
    """Whoever brings a file is the one to go on with it."""
    own: Any = Upload.objects.of(request.organisation).filter(created_by=request.user)
    found: Upload = get_object_or_404(own.prefetch_related("parts"), pk=upload_id)
    return found


def digest(header: str) -> str:
    """The SHA-256 in hexadecimal, from a Content-Digest header. Raises Problem where it has none."""
    found = DIGEST.search(header)
    if not found:
        raise invalid("/header/Content-Digest", "Say the part's SHA-256: Content-Digest: sha-256=:base64:")
    try:
        return base64.b64decode(found[1], validate=True).hex()
    except binascii.Error:
        raise invalid("/header/Content-Digest", "The SHA-256 is not base64.") from None
