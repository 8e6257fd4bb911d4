"""Tribe CRM's HTTP API. Knows ``requests``, never Odoo."""

from .addresses import MODES, Addresses, Mode, is_loopback
from .client import PAGE_SIZE, VALUES_PER_CALL, Client, TokenProvider
from .errors import (
    RATE_LIMIT_PAUSE,
    TribeAddressInvalid,
    TribeCredentialsRefused,
    TribeError,
    TribeNotFound,
    TribePaused,
    TribeRateLimited,
    TribeRefused,
    TribeSignInEnded,
    TribeUnauthorized,
    TribeUnavailable,
    TribeUnknownSet,
    TribeWriteForbidden,
)
from .metadata import Schema
from .query import (
    Guid,
    any_of,
    at_least,
    both,
    contains,
    either,
    equals,
    is_guid,
    literal,
    query_string,
)
from .rate_limit import Limiter, NoLimit
from .session import create_session
from .token import (
    Token,
    consent_address,
    consent_refusal,
    exchange_code,
    refresh_token,
    request_token,
)
from .transport import LONGEST_EXCHANGE_SECONDS
from .turn import Turn
from .webhook import (
    TOKEN_HEADER,
    Event,
    WebhookUnreadable,
    is_authentic,
    parse_event,
    signature,
)

__all__ = [
    "LONGEST_EXCHANGE_SECONDS",
    "MODES",
    "PAGE_SIZE",
    "RATE_LIMIT_PAUSE",
    "TOKEN_HEADER",
    "VALUES_PER_CALL",
    "Addresses",
    "Client",
    "Event",
    "Guid",
    "Limiter",
    "Mode",
    "NoLimit",
    "Schema",
    "Token",
    "TokenProvider",
    "TribeAddressInvalid",
    "TribeCredentialsRefused",
    "TribeError",
    "TribeNotFound",
    "TribePaused",
    "TribeRateLimited",
    "TribeRefused",
    "TribeSignInEnded",
    "TribeUnauthorized",
    "TribeUnavailable",
    "TribeUnknownSet",
    "TribeWriteForbidden",
    "Turn",
    "WebhookUnreadable",
    "any_of",
    "at_least",
    "both",
    "consent_address",
    "consent_refusal",
    "contains",
    "create_session",
    "either",
    "equals",
    "exchange_code",
    "is_authentic",
    "is_guid",
    "is_loopback",
    "literal",
    "parse_event",
    "query_string",
    "refresh_token",
    "request_token",
    "signature",
]
