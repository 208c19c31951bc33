"""Who gets in, who does not, and what a forged request comes to."""

import httpx
import pytest

from services.website.pages.login import own_address
from services.website.throttle import BY_NAME_MAX
from tests.website.served import Served, sign_in, token_in, violation

PAGES = ("/alerts", "/alerts/1", "/answers", "/answers/fleet-gaps", "/fleet")
PROGRAM_PATHS = ("/api/v1/alerts", "/api/v1/me", "/api/v1/answers", "/alerts/stream")


@pytest.mark.parametrize("path", PAGES)
def test_without_signing_in_a_page_leads_to_the_sign_in(site: Served, path: str) -> None:
    answer = httpx.get(f"{site.address}{path}")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=")


@pytest.mark.parametrize("path", PROGRAM_PATHS)
def test_without_signing_in_a_program_is_told_401(site: Served, path: str) -> None:
    answer = httpx.get(f"{site.address}{path}")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def test_wrong_password_and_unknown_name_are_told_alike(site: Served) -> None:
    with httpx.Client(base_url=site.address) as client:
        wrong = sign_in(client, "vera", "wrong")
        unknown = sign_in(client, "nobody", "wrong")
    assert wrong.status_code == unknown.status_code == 401
    assert "do not fit" in wrong.text and "do not fit" in unknown.text


def test_after_too_many_attempts_even_the_right_password_is_refused(site: Served) -> None:
    with httpx.Client(base_url=site.address) as client:
        answers = [sign_in(client, "vera", f"guess {n}") for n in range(BY_NAME_MAX)]
        right = sign_in(client, "vera")
        other = sign_in(client, "otto")
    assert {answer.status_code for answer in answers} == {401}
    assert right.status_code == 429
    assert other.status_code == 303


def test_a_forged_or_altered_cookie_is_nobody(site: Served) -> None:
    with site.signed_in("vera") as client:
        cookie = client.cookies["dronewatch"]
        assert client.get("/alerts").status_code == 200
    altered = ("A" if cookie[0] != "A" else "B") + cookie[1:]
    for forged in (altered, cookie[:-1], cookie.partition(".")[0], "vera", ""):
        answer = httpx.get(f"{site.address}/alerts", headers={"Cookie": f"dronewatch={forged}"})
        assert answer.status_code == 303


def test_cookie_is_not_for_scripts_nor_other_sites(site: Served) -> None:
    with httpx.Client(base_url=site.address) as client:
        kept = sign_in(client, "vera").headers.get_list("set-cookie")[0].lower()
    assert "httponly" in kept and "samesite=lax" in kept


def test_signing_out_ends_the_session_wherever_its_cookie_went(site: Served) -> None:
    with site.signed_in("vera") as client:
        stolen = {"Cookie": f"dronewatch={client.cookies['dronewatch']}"}
        client.post("/logout", data={"csrf": token_in(client.get("/alerts"))})
    assert httpx.get(f"{site.address}/alerts", headers=stolen).status_code == 303


def test_sign_in_from_a_foreign_form_is_refused(site: Served) -> None:
    with httpx.Client(base_url=site.address) as client:
        foreign = token_in(httpx.get(f"{site.address}/login"))
        client.get("/login")
        for token in ("", "x", foreign):
            form = {"name": "vera", "password": "x", "csrf": token}
            assert client.post("/login", data=form).status_code == 403


@pytest.mark.parametrize("token", ["", "x", "é", None])
def test_a_form_without_its_token_changes_nothing(site: Served, token: str | None) -> None:
    site.store(violation(1))
    with site.signed_in("otto") as client:
        form = {"action": "acknowledge"} | ({} if token is None else {"csrf": token})
        assert client.post("/alerts/1", data=form).status_code == 403
        answer = client.post("/api/v1/alerts/1/actions", json={"action": "acknowledge"})
        assert answer.status_code == 403
        assert client.get("/api/v1/alerts/1").json()["alert"]["state"] == "new"


def test_anothers_token_does_not_do(site: Served) -> None:
    site.store(violation(1))
    with site.signed_in("otto") as otto, site.signed_in("vera") as vera:
        form = {"action": "acknowledge", "csrf": token_in(vera.get("/alerts"))}
        assert otto.post("/alerts/1", data=form).status_code == 403


def test_a_viewer_may_not_act(site: Served) -> None:
    site.store(violation(1))
    with site.signed_in("vera") as client:
        token = token_in(client.get("/alerts"))
        form = {"action": "acknowledge", "csrf": token}
        assert client.post("/alerts/1", data=form).status_code == 403
        answer = client.post(
            "/api/v1/alerts/1/actions",
            json={"action": "acknowledge"},
            headers={"X-CSRF-Token": token},
        )
        assert answer.status_code == 403
        assert "Acknowledge" not in client.get("/alerts/1").text


@pytest.mark.parametrize(
    "text",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "/\t/x",
    ],
)
def test_sign_in_leads_to_no_other_site(text: str) -> None:
    assert own_address(text) == "/alerts"


def test_a_large_body_is_refused(site: Served) -> None:
    form = {"name": "x" * 1_000_000, "password": "x"}
    answer = httpx.post(f"{site.address}/login", data=form)
    assert answer.status_code in (400, 413)


def test_every_answer_forbids_inline_scripts_frames_and_other_hosts(site: Served) -> None:
    with site.signed_in("vera") as client:
        for path in ("/alerts", "/login", "/static/alerts.js", "/nowhere", "/api/v1/me"):
            policy = client.get(path).headers["content-security-policy"]
            assert "default-src 'none'" in policy and "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy and "http" not in policy
