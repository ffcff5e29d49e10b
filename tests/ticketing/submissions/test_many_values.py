"""What has very many values is refused by every way in, before any of them is made."""

import base64
import gzip

import pytest
from rest_framework.test import APIClient

from config import json
from tests import record
from tests.ticketing.submitting import failed, message, published, status, submit, theirs, work
from ticketing.submissions import large

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.django_db]

MANY = '{"message":"Help","a":[' + ",".join(["{}"] * 100_000) + "]}"
PACKED = base64.b64encode(gzip.compress(MANY.encode())).decode()


def test_the_door_says_how_many_it_takes(submitter: APIClient) -> None:
    fits = {"message": "Help", "a": [0] * (json.MAX_VALUES - 3)}
    accepted = submit(submitter, fits).json()
    answer = submit(submitter, fits | {"more": 1})
    assert answer.status_code == 400
    assert f"more than {json.MAX_VALUES} values" in answer.json()["error"]
    assert work() == 1
    assert status(submitter, accepted["submission_id"])["status"] == "created"


@pytest.mark.parametrize("form", ["plain", "compressed", "s3", "sns", "event"])
def test_a_message_is_failed_with_a_sentence(form: str) -> None:
    compressed = json.dumps({"type": "COMPRESSED", "data": PACKED})
    bodies = {
        "plain": lambda: MANY,
        "compressed": lambda: compressed,
        "s3": lambda: (
            f'["com.amazon.sqs.javamessaging.MessageS3Pointer",{{"s3BucketName":"foyer-large-messages",'
            f'"s3Key":"{large.store("r-1", MANY)}"}}]'
        ),
        "sns": lambda: published(compressed),
        "event": lambda: json.dumps({"detail-type": "t", "source": "s", "detail": json.loads(compressed)}),
    }
    assert failed(message(bodies[form]())) == []
    assert (theirs().state, record.ticket_ids()) == ("failed", [])
    assert theirs().error == f"The message is not valid JSON: it has more than {json.MAX_VALUES} values"
