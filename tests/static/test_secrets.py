"""Keys and tokens are found by their form and never shown whole.

Every secret here is made up, and put together from parts so that no scanner takes it for one.
"""

from __future__ import annotations

import pytest

from harness.static.secrets import (
    Secret,
    entropy,
    find_assigned,
    find_in_environment,
    find_secrets,
    is_secret,
    masked,
)

RANDOM = "9fK2mQ7xL4vB8zR3hT6wY1cN5dJ0gS"
PEM_TAIL = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"

TOKENS = {
    "aws-access-key": "AKIA" + "Q3EGR7MNB2VXK5TZ",
    "github-token": "ghp_" + RANDOM + "abXY12",
    "gitlab-token": "glpat-" + RANDOM[:20],
    "slack-token": "xoxb-" + "208374651927-" + RANDOM,
    "google-api-key": "AIza" + "Sy" + RANDOM + "Qw8",
    "stripe-key": "sk_live_" + RANDOM,
    "openai-key": "sk-proj-" + RANDOM + RANDOM,
    "anthropic-key": "sk-ant-" + RANDOM + RANDOM,
    "huggingface-token": "hf_" + "QwErTyUiOpAsDfGhJkLzXcVbNmPlOkIjUh",
    "pypi-token": "pypi-AgE" + RANDOM + RANDOM,
    "npm-token": "npm_" + RANDOM + "abXY12",
}


@pytest.mark.parametrize("rule", TOKENS)
def test_a_token_is_found_by_its_form(rule: str) -> None:
    text = f"first line\nkey = '{TOKENS[rule]}'\n".encode()
    assert find_secrets(text) == [Secret(rule, masked(TOKENS[rule]), 2)]


@pytest.mark.parametrize("rule", TOKENS)
def test_a_token_inside_a_longer_word_is_none(rule: str) -> None:
    assert find_secrets(f"x{TOKENS[rule]}".encode()) == []


def test_a_secret_is_shown_by_four_letters_and_its_length() -> None:
    assert masked(TOKENS["github-token"]) == "ghp_... (40 characters)"
    assert RANDOM not in repr(find_secrets(TOKENS["github-token"].encode()))


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
def test_a_private_key_is_found(kind: str) -> None:
    text = f"-----BEGIN {kind}PRIVATE KEY-----\n{PEM_TAIL}\n"
    assert find_secrets(text.encode()) == [Secret("private-key", "a PEM block", 1)]


def test_a_private_key_inside_json_is_found() -> None:
    text = '{"k": "-----BEGIN PRIVATE KEY-----\\n' + PEM_TAIL + '\\n"}'
    assert [one.rule for one in find_secrets(text.encode())] == ["private-key"]


@pytest.mark.parametrize(
    "text",
    [
        'if line == "-----BEGIN PRIVATE KEY-----":',
        "-----BEGIN PRIVATE KEY-----\nMIIE...\n-----END PRIVATE KEY-----",
        f"-----BEGIN CERTIFICATE-----\n{PEM_TAIL}\n",
        "AKIA" + "IOSFODNN7EXAMPLE",
        "ghp_" + "x" * 36,
        "hf_" + "transformers_is_a_library_of_models",
        "https://user:password@host/",
        "postgres://user:${PASSWORD}@db",
        "Authorization: Bearer <token>",
        "sha256:9fk2mq7xl4vb8zr3ht6wy1cn5dj0gs9fk2mq7xl4vb8zr3ht6wy1cn5dj0gs",
    ],
)
def test_what_only_looks_like_a_secret_is_none(text: str) -> None:
    assert find_secrets(text.encode()) == []


def test_a_password_in_a_url_is_found() -> None:
    text = "postgres://app:" + "Vt7kq2Zp9wL" + "@db/x"
    assert [one.rule for one in find_secrets(text.encode())] == ["password-in-url"]


def test_a_bearer_token_in_a_header_is_found() -> None:
    text = f'curl -H "Authorization: Bearer {RANDOM}" x'
    assert [one.rule for one in find_secrets(text.encode())] == ["authorization-header"]


def test_bytes_that_are_no_text_are_searched_without_trouble() -> None:
    assert find_secrets(bytes(range(256)) * 100) == []


def test_a_long_list_of_secrets_is_cut() -> None:
    text = "\n".join(f"AKIA{'Q3EGR7MNB2VXK5' + a + b}" for a in "ABCDEF" for b in "GHIJKL")
    assert len(find_secrets(text.encode())) == 20


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_PASSWORD", "Vt7%kq2Zp9wLm4"),
        ("FEATURE_STORE_TOKEN", "w9Kf2Qm7Lx4Vb8Rz3Ht6"),
        ("api_key", RANDOM),
        ("stripe.secret-key", RANDOM),
        ("AWS_SECRET_ACCESS_KEY", RANDOM),
    ],
)
def test_names_that_tell_with_values_that_are_random_are_secrets(name: str, value: str) -> None:
    assert is_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GPG_KEY", "A035C8C19219BA821ECEA86B64E628F8D684696D"),
        ("PYTHON_SHA256", "07a4356e912900e61a15cb0949a06c4a05012e213ecd6b4e84d0f67aabbee372"),
        ("TOKENIZER", "bert-base-uncased-v2"),
        ("TOKENIZERS_PARALLELISM", "false"),
        ("PASSWORD_FILE", "/run/secrets/db1"),
        ("PASSWORD", "changeme123"),
        ("PASSWORD", "short1"),
        ("API_TOKEN", "${API_TOKEN_9}"),
        ("TOKEN_URL", "https://auth.example.org/v1"),
        ("eos_token", "<|endoftext|>"),
        ("PASSWORD", "correcthorsebattery"),
        ("SECRET", "aaaaaaaa1111"),
    ],
)
def test_settings_are_no_secrets(name: str, value: str) -> None:
    assert not is_secret(name, value)


@pytest.mark.parametrize(
    "line",
    [
        "DB_PASSWORD=Vt7%kq2Zp9wLm4",
        "export DB_PASSWORD='Vt7%kq2Zp9wLm4'",
        'db_password: "Vt7%kq2Zp9wLm4"',
        '  "db_password": "Vt7%kq2Zp9wLm4",',
        "db.password = Vt7%kq2Zp9wLm4\r",
    ],
)
def test_assignments_in_settings_are_found(line: str) -> None:
    found = find_assigned(f"a = 1\n{line}\n".encode(), code=False)
    assert found == [Secret("assigned-secret", "Vt7%... (14 characters)", 2)]


def test_in_code_only_quoted_values_count() -> None:
    text = b"password = settings.password1\ntoken = read_token(2)\n"
    assert find_assigned(text, code=True) == []
    assert len(find_assigned(b"PASSWORD = 'Vt7%kq2Zp9wLm4'\n", code=True)) == 1


def test_variables_are_judged_by_form_and_by_name() -> None:
    found = find_in_environment({"X": TOKENS["github-token"], "A_TOKEN": RANDOM, "PATH": "/bin"})
    assert [(name, one.rule) for name, one in found] == [
        ("X", "github-token"),
        ("A_TOKEN", "assigned-secret"),
    ]


def test_entropy_is_that_of_shannon() -> None:
    assert entropy("aaaa") == 0
    assert entropy("abcd") == 2
