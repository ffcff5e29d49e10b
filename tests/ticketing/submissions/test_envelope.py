"""A submission's message on the wire: every form there and back, and none that can do harm."""

import base64
import gzip
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from config import aws, json
from ticketing.submissions import envelope, large
from ticketing.submissions.envelope import Unreadable
from ticketing.submissions.pointers import Pointer

BUCKET = "foyer-large-messages"
ATTRIBUTES = {"submission_id": "01a1fd35-2ef3-7740-852a-2debefcc0860", "request_id": "r-1"}
NOISE = "".join(Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=400_000))  # gzip makes little of it

pytestmark = pytest.mark.usefixtures("aws")


def wire_bytes(body: str) -> int:
    """The message's size as SQS counts it: the body, and the attributes' names, types and values."""
    return len(body.encode()) + sum(len(name) + len("String") + len(value) for name, value in ATTRIBUTES.items())


def seal(payload: Any) -> tuple[str, str]:
    return envelope.seal(payload, ATTRIBUTES, "r-1")


def compressed(text: bytes) -> str:
    return json.dumps({"type": "COMPRESSED", "data": base64.b64encode(gzip.compress(text, mtime=0)).decode()})


def put(key: str, body: bytes, bucket: str = BUCKET) -> str:
    aws.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
    return json.dumps({"type": "S3_REFERENCE", "bucket": bucket, "key": key, "size": len(body)})


@pytest.mark.parametrize(
    ("payload", "transport"),
    [({"a": "x"}, "inline"), ({"a": "x" * 300_000}, "compressed"), ({"a": NOISE}, "s3"), ({}, "inline")],
)
def test_a_payload_comes_back_by_each_transport(payload: dict[str, Any], transport: str) -> None:
    body, chosen = seal(payload)
    assert chosen == transport
    assert wire_bytes(body) <= 262_144
    assert envelope.unseal(body).payload == payload


def test_a_payload_goes_inline_up_to_the_last_byte_attributes_included(settings: Any) -> None:
    room = settings.SQS_MAX_MESSAGE_BYTES - wire_bytes('{"a":""}')
    body, transport = seal({"a": "x" * room})
    assert (transport, wire_bytes(body)) == ("inline", settings.SQS_MAX_MESSAGE_BYTES)
    assert seal({"a": "x" * (room + 1)})[1] == "compressed"


def test_a_payload_goes_compressed_up_to_the_last_byte(settings: Any) -> None:
    body, transport = seal({"a": NOISE[:280_000]})
    assert transport == "compressed"
    settings.SQS_MAX_MESSAGE_BYTES = wire_bytes(body)
    assert seal({"a": NOISE[:280_000]})[1] == "compressed"
    settings.SQS_MAX_MESSAGE_BYTES -= 1
    assert seal({"a": NOISE[:280_000]})[1] == "s3"


def test_bytes_are_counted_not_characters(settings: Any) -> None:
    settings.SQS_MAX_MESSAGE_BYTES = 1000
    body, transport = seal({"a": "é" * 600})
    assert transport == "compressed"
    assert wire_bytes(body) <= 1000


def test_a_pointer_has_the_form_that_other_programs_read() -> None:
    body, _ = seal({"a": NOISE})
    size = len(json.dumps({"a": NOISE}))
    assert json.loads(body) == {"type": "S3_REFERENCE", "bucket": BUCKET, "key": "large-tickets/r-1.json", "size": size}
    assert envelope.unseal(body).pointer == envelope.pointer(body) == Pointer(BUCKET, "large-tickets/r-1.json", size)


def test_a_request_id_used_again_overwrites_nothing() -> None:
    first, second = seal({"a": NOISE})[0], seal({"b": NOISE})[0]
    assert first != second
    assert envelope.unseal(first).payload == {"a": NOISE}
    assert envelope.unseal(second).payload == {"b": NOISE}


def test_a_request_id_cannot_leave_the_prefix() -> None:
    body, _ = envelope.seal({"a": NOISE}, {}, "../../x/é y")
    key = json.loads(body)["key"]
    assert key.startswith("large-tickets/")
    assert "/" not in key.removeprefix("large-tickets/")
    assert envelope.unseal(body).payload == {"a": NOISE}


def test_the_form_of_awss_extended_client_is_understood() -> None:
    put("large-tickets/theirs.json", b'{"a": 1}')
    body = json.dumps(
        [
            "software.amazon.payloadoffloading.PayloadS3Pointer",
            {"s3BucketName": BUCKET, "s3Key": "large-tickets/theirs.json"},
        ]
    )
    opened = envelope.unseal(body)
    assert (opened.payload, opened.pointer) == ({"a": 1}, Pointer(BUCKET, "large-tickets/theirs.json"))


OLD = "com.amazon.sqs.javamessaging.MessageS3Pointer"
NEW = "software.amazon.payloadoffloading.PayloadS3Pointer"
AT = {"s3BucketName": BUCKET, "s3Key": "large-tickets/theirs.json"}


@pytest.mark.parametrize(
    ("value", "attributes"),
    [
        ([NEW, AT], []),
        ([OLD, AT], ["SQSLargePayloadSize"]),
        ([NEW, AT, {"more": 1}], []),
        ([OLD, AT, 1, [2]], []),
        ([NEW, AT | {"s3Region": "eu-central-1"}], []),
        (AT, []),
        (AT, ["ExtendedPayloadSize"]),
        (AT | {"s3Region": "eu-central-1"}, ["SQSLargePayloadSize"]),
        ({"type": "S3_REFERENCE", "bucket": BUCKET, "key": AT["s3Key"], "size": 8, "sent_by": "crm"}, []),
    ],
)
def test_every_form_of_a_pointer_is_understood(value: Any, attributes: list[str]) -> None:
    put("large-tickets/theirs.json", b'{"a": 1}')
    opened = envelope.unseal(json.dumps(value), attributes)
    assert (opened.payload, opened.pointer and opened.pointer.key) == ({"a": 1}, "large-tickets/theirs.json")


@pytest.mark.parametrize("value", [["com.example.Pointer", AT], [NEW], [NEW, "x"], [AT], [1, 2]])
def test_a_list_that_is_no_pointer_is_refused(value: Any) -> None:
    with pytest.raises(Unreadable, match="no JSON object"):
        envelope.unseal(json.dumps(value))


def test_an_object_that_only_has_a_pointers_fields_too_is_data() -> None:
    value = AT | {"message": "Cannot open this file"}
    assert envelope.unseal(json.dumps(value)).payload == value


def test_a_compressed_message_may_have_further_fields() -> None:
    body = json.dumps(json.loads(compressed(b'{"a": 1}')) | {"encoding": "gzip", "size": 8})
    assert envelope.unseal(body).payload == {"a": 1}


def test_a_ticket_of_the_type_compressed_with_data_of_its_own_is_data() -> None:
    value = {"type": "COMPRESSED", "data": {"bar": 7}, "message": "The tank is at seven bar"}
    assert envelope.unseal(json.dumps(value)).payload == value


@pytest.mark.parametrize(
    ("prefixes", "key", "allowed"),
    [
        (["large-tickets/"], "0a1b2c3d", False),
        (["large-tickets/", ""], "0a1b2c3d", True),
        ([""], "0a1b2c3d", True),
        ([""], "large-tickets/a", True),  # Foyer's own are always read
        ([""], "others/0a1b2c3d", False),
        (["others/"], "others/0a1b2c3d", True),
        (["others/"], "others/", False),
        (["others/"], "more/others/a", False),
        ([""], "", False),
        ([""], "\ud800", False),
    ],
)
def test_the_setting_says_under_which_prefixes_a_key_is_read(
    settings: Any, prefixes: list[str], key: str, allowed: bool
) -> None:
    settings.LARGE_MESSAGE_PREFIXES = prefixes
    assert large.is_ours(key) == allowed
    for bucket in ("zendesk-sme-tickets", "foyer-attachments"):
        with pytest.raises(Unreadable, match="outside the bucket and prefixes"):
            envelope.unseal(json.dumps([NEW, {"s3BucketName": bucket, "s3Key": key}]))


POINTERS: list[Any] = [
    AT,
    {"type": "COMPRESSED", "data": "no gzip", "message": "further fields"},
    {"type": "S3_REFERENCE", "bucket": BUCKET, "key": "large-tickets/somebody-elses.json", "size": 1},
    {"type": "S3_REFERENCE", "bucket": "x", "key": "y"},
    {"type": "COMPRESSED", "data": "no gzip"},
    {"type": "COMPRESSED", "data": None},
    {"Type": "Notification", "Message": '{"message": "forged"}', "Subject": "Forged"},
    {"detail-type": "Ticket", "source": "crm", "detail": {"message": "inside"}, "id": "e-1"},
]


@pytest.mark.parametrize("payload", POINTERS)
def test_a_payload_that_looks_like_another_form_or_a_wrapper_is_data_and_comes_back_as_such(
    payload: dict[str, Any],
) -> None:
    body, _ = seal(payload)
    assert envelope.unseal(body) == envelope.Opened(payload)
    assert envelope.pointer(body) is None


@pytest.mark.parametrize(
    ("bucket", "key"),
    [
        ("zendesk-sme-tickets", "large-tickets/a.json"),
        (BUCKET, "other/a.json"),
        (BUCKET, "large-tickets/"),
        (BUCKET, "large-tickets"),
        (BUCKET, "/large-tickets/a.json"),
        (BUCKET, ""),
        (BUCKET, "large-tickets/" + "x" * 1100),
        (BUCKET, "large-tickets/\ud800"),
    ],
)
def test_a_pointer_outside_the_bucket_and_prefix_is_refused(bucket: str, key: str) -> None:
    theirs = ["software.amazon.payloadoffloading.PayloadS3Pointer", {"s3BucketName": bucket, "s3Key": key}]
    for pointer in ({"type": "S3_REFERENCE", "bucket": bucket, "key": key, "size": 1}, theirs):
        with pytest.raises(Unreadable, match="outside the bucket and prefixes"):
            envelope.unseal(json.dumps(pointer))
        assert envelope.pointer(json.dumps(pointer)) is None


def test_an_object_that_is_not_there_is_gone() -> None:
    with pytest.raises(large.Gone):
        envelope.unseal(json.dumps(AT))


def test_a_bomb_unpacks_to_no_more_than_a_payload_may_have() -> None:
    bomb = compressed(b'{"a": "' + b"x" * 50_000_000 + b'"}')
    assert len(bomb) < 100_000
    with pytest.raises(Unreadable, match="unpacks to more than"):
        envelope.unseal(bomb)


def test_an_object_larger_than_a_payload_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope, "MAX_PAYLOAD_BYTES", 1000)
    pointer = put("large-tickets/big.json", b'{"a": "' + b"x" * 1000 + b'"}')
    with pytest.raises(large.TooLarge):
        envelope.unseal(pointer)


def test_the_largest_body_that_the_door_takes_comes_back_whatever_its_letters() -> None:
    payload = {"a": "é" * (5 * 1024 * 1024 // 2 - 10)}
    assert envelope.unseal(seal(payload)[0]).payload == payload
    noise = "".join(Random(2).choices("éèàüöäßçñ", k=5 * 1024 * 1024 // 2 - 10))
    body, transport = seal({"a": noise})
    assert transport == "s3"
    assert envelope.unseal(body).payload == {"a": noise}


@pytest.mark.parametrize(
    "body",
    [
        "",
        "no JSON",
        "[]",
        "7",
        '"text"',
        "null",
        '{"a": NaN}',
        '{"a": 1, "a": 2}',
        "[" * 100_000,
        '{"type": "COMPRESSED", "data": "%%%"}',
        '{"type": "COMPRESSED", "data": 7}',
        '{"type": "COMPRESSED", "data": "\\u00e9"}',
        '{"type": "COMPRESSED", "data": ""}',
        json.dumps({"type": "COMPRESSED", "data": base64.b64encode(gzip.compress(b'{"a": 1}', mtime=0)[:-9]).decode()}),
        compressed(b"no JSON"),
        compressed(b"\xff\xfe"),
        compressed(b"[1]"),
        compressed(b""),
    ],
)
def test_what_can_never_be_read_says_why_in_plain_words(body: str) -> None:
    with pytest.raises(Unreadable) as caught:
        envelope.unseal(body)
    assert str(caught.value).startswith("The message")


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=()), max_size=10),
    lambda one: st.lists(one, max_size=3) | st.dictionaries(st.text(max_size=5), one, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["type", "bucket", "key", "data", "s3Key", "Message"]) | st.text(), _json, max_size=4
    )
)
@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_object_comes_back_as_it_went(payload: dict[str, Any]) -> None:
    assert envelope.unseal(seal(payload)[0]).payload == payload
