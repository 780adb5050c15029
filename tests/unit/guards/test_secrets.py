import pytest

from handrail_guards.chain import run_guards
from handrail_guards.guard import GuardContext
from handrail_guards.secrets import find_secrets, no_secrets


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("AKIA" + "ABCDEFGH12345678", "AWS access key"),
        ("ghp_" + "a1B2" * 9, "GitHub token"),
        ("xoxb-" + "123456789012-abcdef", "Slack token"),
        ("sk-proj-" + "a1B2" * 8, "model API key"),
        ("sk_live_" + "a1B2" * 6, "Stripe key"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl", "JSON web token"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----", "private key"),
        ("postgres://me:p4ssw0rd@host/db", "password in a URL"),
        ("Authorization: Bearer abcdefghijklmnop1234", "bearer token"),
        ("DB_PASSWORD='hunter2-hunter3'", "assigned secret"),
    ],
)
def test_each_kind_of_secret_is_found(text: str, kind: str) -> None:
    assert [each.kind for each in find_secrets(f"here: {text}\nend")] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "password: <your password>",
        "api_key = os.environ['KEY']",
        "token: ${TOKEN}",
        "the secret: everything is fine",
        "password: ************",
        "https://example.com/a@b",
        "a sk-ill for sk-iing",
    ],
)
def test_placeholders_and_plain_words_are_left_alone(text: str) -> None:
    assert find_secrets(text) == ()


def test_the_guard_names_the_kind_and_fix_removes_the_secret_only() -> None:
    text = "use postgres://me:p4ssw0rd@host/db now"
    result = run_guards([no_secrets()], text, GuardContext())
    assert result.blocking is not None
    assert result.blocking.reason == "secrets: 1 password in a URL"
    fixed = run_guards([no_secrets(on_fail="fix")], text, GuardContext())
    assert (fixed.blocking, fixed.value) == (None, "use postgres://me:[SECRET]@host/db now")
