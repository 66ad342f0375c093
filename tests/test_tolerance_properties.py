"""Whatever comes is decoded or refused with 400, and what fits is kept as it is."""

import json
from typing import Any
from urllib.parse import quote

from hypothesis import given
from hypothesis import strategies as st

from heartline.contract import ENDPOINTS, Endpoint, parameters_of
from heartline.errors import HeartlineError
from heartline.resources.templates import UpdateTemplate
from heartline.tolerance import decode
from tests.registry import ACCOUNT, request
from tests.strategies import VALUES, any_bodies, likely_bodies, names_of, unhurried

LISTS = [e for e in ENDPOINTS if any(p.is_list and p.items for p in parameters_of(e.request))]


def decodes_or_is_refused(endpoint: Endpoint, query: bytes, body: bytes, path_value: str = "5") -> bool:
    """True when it decodes; any error but a refusal with 400 fails the test."""
    in_path = {p.name: path_value for p in parameters_of(endpoint.request) if f"{{{p.name}}}" in endpoint.path}
    try:
        account_id, found = decode(endpoint, path=in_path, query=query, body=body)
    except HeartlineError as error:
        refusal = error
    else:
        assert isinstance(account_id, str)
        assert isinstance(found, endpoint.request)
        return True
    assert refusal.status == 400
    assert str(refusal)
    return False


@unhurried
@given(st.data())
def test_any_json_decodes_or_is_refused(data: st.DataObject) -> None:
    endpoint = data.draw(st.sampled_from(ENDPOINTS))
    body = data.draw(any_bodies(endpoint))
    decodes_or_is_refused(endpoint, b"account_id=a", json.dumps(body).encode())


@unhurried
@given(st.sampled_from(ENDPOINTS), VALUES)
def test_json_of_any_shape_decodes_or_is_refused(endpoint: Endpoint, value: Any) -> None:
    decodes_or_is_refused(endpoint, b"account_id=a", json.dumps(value).encode())


@unhurried
@given(st.sampled_from(ENDPOINTS), st.binary(), st.binary(), st.text())
def test_any_bytes_decode_or_are_refused(endpoint: Endpoint, query: bytes, body: bytes, path_value: str) -> None:
    decodes_or_is_refused(endpoint, query, body, path_value)


@unhurried
@given(st.data())
def test_any_query_decodes_or_is_refused(data: st.DataObject) -> None:
    endpoint = data.draw(st.sampled_from(ENDPOINTS))
    names = st.sampled_from([*names_of(parameters_of(endpoint.request)), "account_id"])
    values = st.binary(max_size=8).map(quote) | st.sampled_from(["", "5", "true", "%FF", "%00", "9" * 5_000])
    pairs = data.draw(st.lists(st.tuples(names, values), max_size=8))
    decodes_or_is_refused(endpoint, "&".join(f"{name}={value}" for name, value in pairs).encode(), b"")


@unhurried
@given(st.data(), st.booleans())
def test_an_item_means_the_same_in_a_list_and_written_flat(data: st.DataObject, require_encryption: bool) -> None:
    """Lists in which nothing has to be forgiven are decoded in one go, what is written flat never is."""
    endpoint = data.draw(st.sampled_from(LISTS))
    (wanted,) = (p for p in parameters_of(endpoint.request) if p.is_list)
    likely = data.draw(likely_bodies(endpoint).map(lambda body: (body[wanted.name] or [{}])[0]))
    changed = data.draw(st.dictionaries(st.sampled_from(names_of(wanted.items)), VALUES, max_size=2))
    item = likely | changed
    if item.get("device_id") is None:  # nothing would tell that it is an item
        item["device_id"] = 7

    def outcome(body: Any) -> Any:
        path = {"device_conversation_id": "5"}
        try:
            return decode(
                endpoint,
                path=path,
                query=b"account_id=a",
                body=json.dumps(body).encode(),
                require_encryption=require_encryption,
            )
        except HeartlineError as error:
            return type(error), str(error)

    assert outcome({wanted.name: [item]}) == outcome(item)


@unhurried
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_any_text_is_kept(text: str) -> None:
    for body in ({"text": text}, json.dumps({"text": text}, ensure_ascii=False).encode()):
        assert request("POST /templates/update/5", body=body) == UpdateTemplate(device_id=5, text=text)
    in_query = request("POST /drafts/update/5", f"{ACCOUNT}&data={quote(text)}")
    assert in_query.data == text  # type: ignore[attr-defined]


@unhurried
@given(st.integers(-(2**63), 2**63 - 1))
def test_any_64_bit_integer_is_kept_as_number_and_as_text(number: int) -> None:
    for sent in (number, str(number)):
        assert request("POST /messages/update/5", body={"timestamp": sent}).timestamp == number  # type: ignore[attr-defined]
    assert request(f"POST /messages/update/{number}").device_id == number  # type: ignore[attr-defined]


@unhurried
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=50))
def test_any_picture_is_the_same_in_each_form(text: str) -> None:
    found = [
        request("POST /media/add", body={"message_id": 5, "data": data}).data  # type: ignore[attr-defined]
        for data in (text, dict(enumerate(text.encode())), list(text.encode()))
    ]
    assert found == [text] * 3


def test_the_property_draws_requests_that_decode() -> None:
    """Else "or is refused" would always be the case."""
    decoded = [decodes_or_is_refused(endpoint, b"account_id=a", b"{}") for endpoint in ENDPOINTS]
    assert decoded.count(True) > 40
    assert decoded.count(False) > 20
