"""The demo: a handful of tickets through every door, as other programs would send them.

Each request has an idempotency key, so loading the demo again creates nothing twice. Events are sent without one: they
are stored at least once.
"""

import base64
import hashlib
import hmac
import json
import uuid
from datetime import UTC, datetime
from functools import cache
from typing import Any

import requests

Access = dict[str, Any]
Body = dict[str, Any]

AGENT = "priya.raman@foyer.example"
ITSM: tuple[Body, ...] = (
    {
        "caller_id": "maria.fernandez@acme.example",
        "subject": "VPN drops every twenty minutes",
        "issue_description": "Since Monday's update the VPN drops about every twenty minutes, on cable and on Wi-Fi. "
        "I lose the connection to the lesson planner each time.",
        "type": "incident",
        "priority": "high",
        "tags": ["vpn", "network"],
    },
    {
        "caller_id": "tom.obrien@acme.example",
        "subject": "New laptop for a tutor who starts in September",
        "issue_description": "Aiko Tanaka joins us on 1 September. She needs a laptop with a stylus and a headset.",
        "type": "request",
        "priority": "low",
        "tags": ["hardware", "onboarding"],
        "attributes": {"cost_centre": "4711", "needed_by": "2025-08-25"},
    },
)
GOLD: tuple[Body, ...] = (
    {"type": "outage", "message": "Checkout answers 502 for all our schools since 09:40. Exams start tomorrow."},
    {"type": "billing", "message": "Invoice 2025-118 lists 40 seats, but we cancelled ten of them in March."},
)
GENERAL: tuple[Body, ...] = ({"type": "question", "message": "How do I add a second parent to our family account?"},)
SUBMISSIONS: tuple[Body, ...] = (
    {
        "ticket_id": "CRM-20817",
        "caller_id": "lea.moreau@acme.example",
        "subject": "Recording of Thursday's session is missing",
        "description": "The recording of the session on Thursday at 17:00 never appeared in the library.",
        "priority": "normal",
        "tags": ["recording"],
        "source": "crm",
        "session": {"id": "s-5521", "subject": "Physics HL", "minutes": 55},
    },
)
ZENDESK = (35436, 35502)
EVENTS: tuple[Body, ...] = (
    {"event_type": "session_started", "payload": {"session_id": "s-5530", "tutor_id": "t-118", "customer_id": "c-42"}},
    {
        "event_type": "customer_health_update",
        "payload": {"customer_id": "c-42", "health_score": 31, "churn_risk": "high"},
    },
)


def load(url: str, access: Access, zendesk_secret: str) -> None:
    """Load the whole demo. Without a secret, nothing comes from Zendesk. Raises requests.RequestException."""
    tokens = {(token["tier"], ",".join(token["scopes"])): token["token"] for token in access["tokens"]}
    load_itsm(url, tokens["general", "itsm"])
    for tier, tickets in {"gold": GOLD, "general": GENERAL}.items():
        for number, ticket in enumerate(tickets):
            send("POST", f"{url}/routing/tickets", ticket, tokens[tier, "route"], key=f"demo-{tier}-{number}")
    for number, ticket in enumerate(SUBMISSIONS):
        send("POST", f"{url}/ticketing/submissions", ticket, tokens["general", "submit"], key=f"demo-{number}")
    for event in EVENTS:
        send("POST", f"{url}/ingest", event, tokens["general", "events"])
    for ticket_id in ZENDESK if zendesk_secret else ():
        tell_from_zendesk(url, ticket_id, zendesk_secret)


def load_itsm(url: str, token: str) -> None:
    """Create two tickets at the ITSM door, the first with a conversation."""
    first, *_ = [
        send("POST", f"{url}/itsm/tickets", ticket, token, key=f"demo-{number}") for number, ticket in enumerate(ITSM)
    ]
    change = {"requester": {"name": "María Fernández", "email": ITSM[0]["caller_id"]}, "assignee": AGENT}
    send("PATCH", f"{url}/itsm/tickets/{first['ticket_id']}", change, token)
    comments = (
        {"comment": "Which network adapter is it? Does it happen without the docking station, too?", "author": AGENT},
        {"comment": "Same as last week, see the note on the firmware.", "author": AGENT, "visibility": "internal"},
        {"comment": "An Intel AX211; without the dock it holds.", "author": "maria.fernandez@acme.example"},
    )
    for number, comment in enumerate(comments):
        send("POST", f"{url}/itsm/tickets/{first['ticket_id']}/comments", comment, token, key=f"demo-comment-{number}")


def tell_from_zendesk(url: str, ticket_id: int, secret: str) -> None:
    """Send what Zendesk's webhook would send, signed as Zendesk signs."""
    body = json.dumps({"ticket_id": ticket_id, "tag_added": "need_sme"}).encode()
    timestamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256).digest()
    headers = {
        "Content-Type": "application/json",
        "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
        "X-Zendesk-Webhook-Signature-Timestamp": timestamp,
        "X-Zendesk-Webhook-Invocation-Id": uuid.uuid4().hex,
    }
    session().post(f"{url}/webhooks/zendesk", data=body, headers=headers, timeout=10).raise_for_status()


def send(method: str, url: str, body: Body, token: str, key: str | None = None) -> Body:
    """Send one request with a token, and return the JSON of its answer."""
    headers = {"Token": token} | ({"Idempotency-Key": key} if key else {})
    answer = session().request(method, url, json=body, headers=headers, timeout=10)
    answer.raise_for_status()
    result: Body = answer.json()
    return result


@cache
def session() -> requests.Session:
    """The process's session. It uses no proxy, because it calls only this machine."""
    session = requests.Session()
    session.trust_env = False
    return session
