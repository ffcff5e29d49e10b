"""Each door as an outside program uses it, over HTTP."""

import base64
import hashlib
import hmac
import json
import time
import uuid
from typing import Any

import requests

from tests.e2e.copy import Copy


def post(copy: Copy, path: str, body: Any, token: str, key: str | None = None) -> requests.Response:
    """A POST with a token, and an idempotency key where it may be sent again."""
    headers = {"Token": token} | ({"Idempotency-Key": key} if key else {})
    return requests.post(copy.url + path, json=body, headers=headers, timeout=10)


def get(copy: Copy, path: str, token: str) -> requests.Response:
    """A GET with a token."""
    return requests.get(copy.url + path, headers={"Token": token}, timeout=10)


def itsm(copy: Copy, subject: str, key: str | None = None) -> requests.Response:
    """A ticket through the ITSM API."""
    body = {"caller_id": "u-1", "subject": subject, "issue_description": f"{subject}, at length"}
    return post(copy, "/itsm/tickets", body, copy.tokens["general", "itsm"], key)


def routing(copy: Copy, message: str, tier: str = "gold", key: str | None = None) -> requests.Response:
    """A ticket through tier routing."""
    return post(copy, "/routing/tickets", {"type": "outage", "message": message}, copy.tokens[tier, "route"], key)


def submission(copy: Copy, subject: str, key: str | None = None) -> requests.Response:
    """A ticket through asynchronous submission."""
    body = {"subject": subject, "description": f"{subject}, at length", "shelf": 7}
    return post(copy, "/ticketing/submissions", body, copy.tokens["general", "submit"], key)


def event(copy: Copy, session_id: str) -> requests.Response:
    """An event through the event intake."""
    payload = {"session_id": session_id, "student_id": "stu-1", "tutor_id": "tut-1"}
    return post(
        copy, "/ingest", {"event_type": "session_started", "payload": payload}, copy.tokens["general", "events"]
    )


def zendesk(copy: Copy, ticket_id: int) -> requests.Response:
    """A webhook, signed as Zendesk signs it."""
    body = json.dumps({"ticket_id": ticket_id, "tag_added": "need_sme"}).encode()
    stamp = str(int(time.time()))
    digest = hmac.new(copy.secret("ZENDESK_WEBHOOK_SECRET").encode(), stamp.encode() + body, hashlib.sha256).digest()
    headers = {
        "Content-Type": "application/json",
        "X-Zendesk-Webhook-Signature": base64.b64encode(digest).decode(),
        "X-Zendesk-Webhook-Signature-Timestamp": stamp,
        "X-Zendesk-Webhook-Invocation-Id": uuid.uuid4().hex,
    }
    return requests.post(f"{copy.url}/webhooks/zendesk", data=body, headers=headers, timeout=10)
