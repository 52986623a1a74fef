"""Texts that have a format, the plainest first."""

from __future__ import annotations

SAMPLES: dict[str, tuple[str, ...]] = {
    "date-time": (
        "2024-02-29T12:30:00Z",
        "1969-12-31T23:59:59.999+14:00",
        "2038-01-19T03:14:08-08:00",
    ),
    "date": ("2024-02-29", "1969-12-31", "9999-12-31"),
    "time": ("12:30:00Z", "23:59:59.123456+00:30"),
    "duration": ("P1D", "PT36H", "P1Y2M3DT4H5M6S"),
    "email": ("someone@example.org", "first.last+tag@sub.example.org"),
    "idn-email": ("someone@example.org", "실례@실례.테스트"),
    "hostname": ("example.org", "xn--nxasmq6b.example"),
    "idn-hostname": ("example.org", "실례.테스트"),
    "ipv4": ("192.0.2.1", "255.255.255.255", "0.0.0.0"),
    "ipv6": ("2001:db8::1", "::", "::ffff:192.0.2.1"),
    "uri": ("https://example.org/path", "urn:isbn:0451450523", "http://[2001:db8::1]:8080/?a=b#c"),
    "uri-reference": ("/path?query", "https://example.org/path", "#fragment"),
    "iri": ("https://example.org/path", "https://example.org/ünïcode?q=δ"),
    "iri-reference": ("/path?query", "//ƒøø.ßår/?∂éœ=πîx#πîüx"),
    "uuid": ("123e4567-e89b-42d3-a456-426614174000", "00000000-0000-0000-0000-000000000000"),
    "uri-template": ("https://example.org/{id}", "plain"),
    "json-pointer": ("", "/a/b~1c/0"),
    "relative-json-pointer": ("0", "1/a", "0#"),
    "regex": ("^[a-z]+$", "."),
    "byte": ("", "AA==", "aGVsbG8="),
}
