"""The doors for other formats: each reads its own bytes, and then it is the same road.

The number that a message came from is in the header `SMS-From`: personal data, which an address must not carry."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Request, Response

from dispatch.api.access import CALL_SENDERS, Actor, Intake, Role, who
from dispatch.api.dependencies import TheDesk
from dispatch.api.query_parameters import ANY_PARAMETERS, QUARANTINES
from dispatch.api.reports import take_raw, through_door
from dispatch.api.security import security_of
from dispatch.api.wire import Json, small_body, takes
from dispatch.desk.calls.answers import Received, Taken
from dispatch.errors import FieldProblem, Forbidden, Invalid, TooLarge, Unauthenticated
from dispatch.intake import aml_data_sms, aml_https, aml_sms, pidf_lo, sip_geolocation, text
from dispatch.model import Channel

router = APIRouter(prefix="/v1/intake", tags=["intake"])

Sender = Annotated[str | None, Header(alias="SMS-From", max_length=40)]


@dataclass(frozen=True, slots=True)
class Unused:
    """A handset's message that could not be used: what is wrong, and the number of the item that it is kept as."""

    used: Literal[False]
    detail: str
    errors: tuple[FieldProblem, ...]
    quarantine_id: int | None = None
    kept: bool = True


FORM_SCHEMA = {"type": "object", "additionalProperties": {"type": "string"}}
FORM: dict[str, Any] = {
    "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": FORM_SCHEMA}}}
}
ANSWERS: dict[str, Any] = {
    "response_model": Taken | Received,
    "responses": {200: {"model": Taken | Received, "description": "This report was taken before; the same answer"}},
}


@router.post(
    "/aml/sms",
    operation_id="create_call_from_aml_sms",
    status_code=201,
    openapi_extra=takes("text/plain") | QUARANTINES,
    **ANSWERS,
)
async def post_aml_sms(request: Request, desk: TheDesk, actor: Intake, sender: Sender = None) -> Response:
    """Advanced Mobile Location by SMS, version 1 or 2."""
    return await through_door(request, desk, actor, door="aml/sms", parse=lambda raw: aml_sms.parse(raw, sender))


@router.post(
    "/aml/data-sms",
    operation_id="create_call_from_aml_data_sms",
    status_code=201,
    openapi_extra=takes("application/octet-stream") | QUARANTINES,
    **ANSWERS,
)
async def post_aml_data_sms(request: Request, desk: TheDesk, actor: Intake, sender: Sender = None) -> Response:
    """Advanced Mobile Location by data SMS: GSM 7-bit, packed."""
    return await through_door(
        request, desk, actor, door="aml/data-sms", parse=lambda raw: aml_data_sms.parse(raw, sender)
    )


@router.post(
    "/aml/https",
    operation_id="create_call_from_aml_https",
    response_model=Taken | Received,
    responses={
        201: {"model": Taken | Received, "description": "A report that was not known before"},
        202: {"model": Unused, "description": "It could not be used, and is kept"},
    },
    openapi_extra=FORM | ANY_PARAMETERS | security_of(*CALL_SENDERS, or_without=True),
)
async def post_aml_https(request: Request, desk: TheDesk) -> Response:
    """Advanced Mobile Location by HTTPS. Handsets hold no key of ours: where an HMAC key is set, a good signature is
    enough. Answered 2xx even to what can't be used, which is kept: a handset that is refused stops sending."""
    key = desk.settings.aml_hmac_key
    secret = key.encode() if key else None
    actor, read = await _handset(request, secret)
    try:
        return await through_door(
            request,
            desk,
            actor,
            door="aml/https",
            parse=lambda body: aml_https.parse(body, secret),
            read=read,
            checks_query=False,
        )
    except (Invalid, TooLarge) as error:
        return Json(Unused(used=False, detail=error.detail, errors=error.errors, **error.extra), 202)


@router.post(
    "/pidf-lo",
    operation_id="create_call_from_pidf_lo",
    status_code=201,
    openapi_extra=takes("application/pidf+xml") | QUARANTINES,
    **ANSWERS,
)
async def post_pidf_lo(request: Request, desk: TheDesk, actor: Intake) -> Response:
    """A presence document with a location (RFC 4119, 5139, 5491)."""
    return await through_door(request, desk, actor, door="pidf-lo", parse=pidf_lo.parse)


@router.post(
    "/sip",
    operation_id="create_call_from_sip",
    status_code=201,
    openapi_extra=takes("message/sip", "multipart/mixed") | QUARANTINES,
    **ANSWERS,
)
async def post_sip(request: Request, desk: TheDesk, actor: Intake) -> Response:
    """A SIP request with its location by value (RFC 6442); or its body, `Geolocation` and `Content-Type` as headers."""
    geolocation, content_type = request.headers.get("geolocation"), request.headers.get("content-type")
    return await through_door(
        request,
        desk,
        actor,
        door="sip",
        parse=lambda raw: sip_geolocation.parse(raw, geolocation, content_type, desk.area),
    )


@router.post(
    "/text",
    operation_id="create_call_from_text",
    status_code=201,
    openapi_extra=takes("text/plain") | QUARANTINES,
    **ANSWERS,
)
async def post_text(
    request: Request,
    desk: TheDesk,
    actor: Intake,
    sender: Sender = None,
    channel: Channel = Channel.SMS,
    message_id: Annotated[str | None, Header(alias="Message-Id", max_length=200)] = None,
) -> Response:
    """What a person wrote; positions are found in it: `geo:` URIs, shared map links, pasted coordinates."""
    return await through_door(
        request,
        desk,
        actor,
        door="text",
        parse=lambda raw: text.parse(raw, sender, channel=channel, message_id=message_id, area=desk.area),
    )


async def _handset(request: Request, secret: bytes | None) -> tuple[Actor, tuple[bytes, int]]:
    """Who a handset is: a key of ours, as a gateway sends it along, or a good signature; and its body and the size of
    it, which is read before only where a signature may be in it. Raises Unauthenticated, Forbidden, TooLarge."""
    try:
        actor = await who(request)
    except Unauthenticated:
        if secret is None:
            raise
        body = await small_body(request)
        if not aml_https.is_signed(body, secret):
            raise
        return Actor("handset", Role.GATEWAY), (body, len(body))
    if actor.role in {Role.CREW, Role.FLEET}:
        raise Forbidden("this needs a key of intake")
    return actor, await take_raw(request)
