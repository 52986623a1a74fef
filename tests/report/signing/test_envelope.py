"""An envelope opens for the key that sealed it, unchanged, and never otherwise."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from securesystemslib.dsse import Envelope as TheirEnvelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]

from harness.report.signing.envelope import (
    IN_TOTO,
    MAX_BYTES,
    Opened,
    Part,
    SignatureError,
    open_envelope,
    seal,
)
from harness.report.signing.keys import PrivateKey

PAYLOAD = (
    b'{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"x","digest":'
    b'{"sha256":"9f1c"}}],"predicateType":"y"}'
)
OTHER = PAYLOAD.replace(b"9f1c", b"0bad")


def changed(envelope: bytes, **members: Any) -> bytes:
    """The envelope with other members; None leaves one out."""
    document = json.loads(envelope) | members
    return json.dumps({k: v for k, v in document.items() if v is not None}).encode()


def signature(envelope: bytes, **members: Any) -> list[dict[str, Any]]:
    """The envelope's signatures with other members; None leaves one out."""
    one = json.loads(envelope)["signatures"][0] | members
    return [{k: v for k, v in one.items() if v is not None}]


def encoded(content: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(content).decode()


def test_what_was_sealed_is_opened_byte_for_byte(key: PrivateKey) -> None:
    payload = b'{ "a" : 1.0,\n"a\xcc\x88": 12345678901234567890 }\n'
    opened = open_envelope(seal(payload, key), [key.public])
    assert opened == Opened(payload, IN_TOTO, key.public.keyid)


def test_any_of_several_keys_will_do(key: PrivateKey, stranger: PrivateKey) -> None:
    opened = open_envelope(seal(PAYLOAD, key), [stranger.public, key.public])
    assert opened.keyid == key.public.keyid


def test_a_signature_without_a_name_is_tried_with_every_key(
    key: PrivateKey, stranger: PrivateKey
) -> None:
    sealed = seal(PAYLOAD, key)
    for keyid in ("", None):
        unnamed = changed(sealed, signatures=signature(sealed, keyid=keyid))
        assert open_envelope(unnamed, [stranger.public, key.public]).keyid == key.public.keyid


def test_one_good_signature_among_others_is_enough(key: PrivateKey, stranger: PrivateKey) -> None:
    theirs = signature(seal(PAYLOAD, stranger))
    ours = seal(PAYLOAD, key)
    both = changed(ours, signatures=[*theirs, *signature(ours)])
    assert open_envelope(both, [key.public]).payload == PAYLOAD


def test_the_key_of_somebody_else_is_told_from_a_bad_signature(
    key: PrivateKey, stranger: PrivateKey
) -> None:
    with pytest.raises(SignatureError, match="signed by the key") as refused:
        open_envelope(seal(PAYLOAD, stranger), [key.public])
    assert refused.value.part is Part.KEY


def test_without_a_trusted_key_nothing_opens(key: PrivateKey) -> None:
    with pytest.raises(SignatureError, match="trusted: none"):
        open_envelope(seal(PAYLOAD, key), [])


def test_no_bit_of_an_envelope_can_be_turned(key: PrivateKey) -> None:
    sealed = seal(PAYLOAD, key)
    opened = []
    for position in range(len(sealed) * 8):
        forged = bytearray(sealed)
        forged[position // 8] ^= 1 << position % 8
        try:
            opened.append(open_envelope(bytes(forged), [key.public]))
        except SignatureError:
            continue
    assert len(sealed) * 8 > 2_000
    assert opened == []


def test_no_part_of_an_envelope_is_enough(key: PrivateKey) -> None:
    sealed = seal(PAYLOAD, key)
    for length in range(len(sealed)):
        with pytest.raises(SignatureError):
            open_envelope(sealed[:length], [key.public])


FORGERIES: dict[str, Callable[[bytes, bytes, bytes], bytes]] = {
    # each of: ours over the payload, ours over the other one, the stranger's over the payload
    "payload of another envelope": lambda a, b, c: changed(a, payload=encoded(OTHER)),
    "signature of another envelope": lambda a, b, c: changed(a, signatures=signature(b)),
    "signature of another key under our name": lambda a, b, c: changed(
        a, signatures=signature(a, sig=signature(c)[0]["sig"])
    ),
    "signature of another key": lambda a, b, c: changed(a, signatures=signature(c)),
    "another type": lambda a, b, c: changed(a, payloadType="application/json"),
    "a type with a space": lambda a, b, c: changed(a, payloadType=IN_TOTO + " "),
    "a type that is half a pair": lambda a, b, c: changed(a, payloadType="\ud800"),
    "a type that is a number": lambda a, b, c: changed(a, payloadType=1),
    "no signature": lambda a, b, c: changed(a, signatures=[]),
    "no list of signatures": lambda a, b, c: changed(a, signatures=None),
    "a signature that is none": lambda a, b, c: changed(a, signatures=[None]),
    "signatures by name": lambda a, b, c: changed(a, signatures=signature(a)[0]),
    "an empty signature": lambda a, b, c: changed(a, signatures=signature(a, sig="")),
    "a signature of nought": lambda a, b, c: changed(
        a, signatures=signature(a, sig=encoded(bytes(64)))
    ),
    "a signature and more": lambda a, b, c: changed(
        a, signatures=signature(a, sig=encoded(base64.b64decode(signature(a)[0]["sig"]) + b"\0"))
    ),
    "too many signatures": lambda a, b, c: changed(a, signatures=signature(a) * 17),
    "a name that is a number": lambda a, b, c: changed(a, signatures=signature(a, keyid=1)),
    "the beginning of our name": lambda a, b, c: changed(
        a, signatures=signature(a, keyid=signature(a)[0]["keyid"][:16])
    ),
    "a word more at the signature": lambda a, b, c: changed(
        a, signatures=signature(a, cert="MIIB")
    ),
    "a word more at the envelope": lambda a, b, c: changed(a, comment="approved"),
    "no payload": lambda a, b, c: changed(a, payload=None),
    "an empty payload": lambda a, b, c: changed(a, payload=""),
    "a payload that is an object": lambda a, b, c: changed(a, payload={}),
    "base64 with a break": lambda a, b, c: changed(a, payload=encoded(PAYLOAD) + "\n"),
    "base64 with a stranger in it": lambda a, b, c: changed(a, payload="*" + encoded(PAYLOAD)),
    "base64 without its end": lambda a, b, c: changed(a, payload=encoded(PAYLOAD)[:-1]),
    "payload given twice": lambda a, b, c: (
        a[:-1] + b',"payload":"' + encoded(OTHER).encode() + b'"}'
    ),
    "signatures given twice": lambda a, b, c: b'{"signatures":[],' + a[1:],
    "two envelopes": lambda a, b, c: a + a,
    "a list of envelopes": lambda a, b, c: b"[" + a + b"]",
    "a byte order mark": lambda a, b, c: b"\xef\xbb\xbf" + a,
    "not UTF-8": lambda a, b, c: a[:-1] + b'\xff"}',
    "UTF-16": lambda a, b, c: a.decode().encode("utf-16"),
    "too deep": lambda a, b, c: b"[" * 200_000,
    "a number": lambda a, b, c: b"1",
    "nothing": lambda a, b, c: b"",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_envelope_does_not_open(
    forgery: str, key: PrivateKey, stranger: PrivateKey
) -> None:
    envelopes = seal(PAYLOAD, key), seal(OTHER, key), seal(PAYLOAD, stranger)
    with pytest.raises(SignatureError):
        open_envelope(FORGERIES[forgery](*envelopes), [key.public])


def test_an_envelope_of_any_size_is_not_parsed(key: PrivateKey) -> None:
    with pytest.raises(SignatureError, match="larger than 96 MiB"):
        open_envelope(b" " * (MAX_BYTES + 1), [key.public])


def test_securesystemslib_verifies_what_we_sealed(files: Any, key: PrivateKey) -> None:
    theirs = SSlibKey.from_crypto(files.raw.public_key(), keyid=key.public.keyid)
    envelope = TheirEnvelope.from_dict(json.loads(seal(PAYLOAD, key)))
    assert list(envelope.verify([theirs], 1)) == [key.public.keyid]
    envelope.payload = OTHER
    with pytest.raises(VerificationError):
        envelope.verify([theirs], 1)


def test_what_securesystemslib_sealed_opens(files: Any, key: PrivateKey) -> None:
    theirs = SSlibKey.from_crypto(files.raw.public_key(), keyid=key.public.keyid)
    envelope = TheirEnvelope(PAYLOAD, IN_TOTO, {})
    envelope.sign(CryptoSigner(files.raw, theirs))
    data = json.dumps(envelope.to_dict()).encode()
    assert open_envelope(data, [key.public]) == Opened(PAYLOAD, IN_TOTO, key.public.keyid)


def test_sigstore_verifies_what_we_sealed(curve: Any) -> None:
    from sigstore import dsse

    from harness.report.signing.keys import read_private

    sealed = dsse.Envelope._from_json(seal(PAYLOAD, read_private(curve.private)))
    assert dsse._verify(curve.raw.public_key(), sealed) == PAYLOAD


def test_what_sigstore_sealed_opens(curve: Any) -> None:
    from sigstore import dsse

    from harness.report.signing.keys import read_public

    sealed = dsse._sign(curve.raw, dsse.Statement(PAYLOAD)).to_json().encode()
    assert open_envelope(sealed, [read_public(curve.public)]).payload == PAYLOAD
