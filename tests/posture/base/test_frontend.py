"""The page that the application starts from."""

from __future__ import annotations

from pathlib import Path

from django.test import Client


def test_it_carries_the_nonce_of_its_own_policy_and_the_csrf_cookie(settings, tmp_path: Path) -> None:
    settings.FRONTEND_DIST = tmp_path
    (tmp_path / "index.html").write_text(
        '<meta name="nonce" content="__CSP_NONCE__"><p>ü</p>', encoding="utf-8"
    )
    first, second = Client().get("/hosts/12?tab=checks"), Client().get("/")
    nonce = first.content.decode().split('content="')[1].split('"')[0]
    assert f"'nonce-{nonce}'" in first.headers["Content-Security-Policy"]
    assert nonce not in second.content.decode()
    assert first.headers["Cache-Control"] == "no-store"
    assert "plimsoll_csrf" in first.cookies
    assert "unsafe" not in first.headers["Content-Security-Policy"]


def test_before_it_is_built_it_says_how(settings, tmp_path: Path) -> None:
    settings.FRONTEND_DIST = tmp_path / "missing"
    answer = Client(raise_request_exception=False).get("/")
    assert answer.status_code == 503
    assert "make build" in answer.content.decode()


def test_only_reading_it_is_possible() -> None:
    assert Client(raise_request_exception=False).post("/hosts").status_code == 405
