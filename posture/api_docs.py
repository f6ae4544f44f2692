"""The OpenAPI document and a page for reading it, rendered here: no script, no asset of somebody else."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.views import View
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from posture.base.permissions import PUBLIC
from posture.base.views import with_etag

METHODS = ("get", "post", "put", "patch", "delete")
STYLE = """
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:0 auto;padding:1rem}
code,pre{font:14px/1.45 ui-monospace,monospace}pre{overflow:auto;padding:.75rem;border:1px solid #8886}
section{border-top:1px solid #8886;padding:.5rem 0}table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0}nav ul{columns:3;padding:0;list-style:none}
"""


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document of the running version, made once per process."""
    return SchemaGenerator().get_schema(request=None, public=True)


class SchemaView(APIView):
    """The OpenAPI 3.1 document, as JSON."""

    permissions = PUBLIC
    before_password_change = True

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return with_etag(request, Response(document()))


class DocsView(View):
    """The same for people."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse(page(document(), str(request.csp_nonce)))  # type: ignore[attr-defined]


def page(schema: dict[str, Any], nonce: str) -> SafeString:
    by_tag: dict[str, list[tuple[str, str, dict[str, Any]]]] = {}
    for path, item in schema["paths"].items():
        for method in METHODS:
            if method in item:
                operation = item[method]
                by_tag.setdefault(operation["tags"][0], []).append((method, path, operation))
    links = format_html_join("", '<li><a href="#{}">{}</a></li>', ((tag, tag) for tag in by_tag))
    chapters = format_html_join(
        "", '<h2 id="{}">{}</h2>{}', ((tag, tag, _operations(rows, schema)) for tag, rows in by_tag.items())
    )
    return format_html(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>{title}</title>'
        '<style nonce="{nonce}">{style}</style></head><body><h1>{title}</h1><p>{about}</p>'
        "<p>Sign in, or send <code>Authorization: Bearer plm_…</code>. Errors are problem details (RFC 9457). "
        'The same as OpenAPI {version}: <a href="/api/v1/schema">/api/v1/schema</a>.</p>'
        '<nav aria-label="Resources"><ul>{links}</ul></nav><main>{chapters}</main></body></html>',
        title=schema["info"]["title"],
        nonce=nonce,
        style=mark_safe(STYLE),
        about=schema["info"].get("description", ""),
        version=schema["openapi"],
        links=links,
        chapters=chapters,
    )


def _operations(rows: list[tuple[str, str, dict[str, Any]]], schema: dict[str, Any]) -> SafeString:
    return format_html_join(
        "",
        '<section id="{}"><h3><code>{} {}</code></h3><p>{}</p>{}{}{}</section>',
        (
            (
                operation["operationId"],
                method.upper(),
                path,
                operation.get("summary") or operation.get("description", ""),
                _parameters(operation.get("parameters", [])),
                _body(operation.get("requestBody")),
                _responses(operation["responses"]),
            )
            for method, path, operation in rows
        ),
    )


def _parameters(parameters: list[dict[str, Any]]) -> SafeString | str:
    if not parameters:
        return ""
    rows = format_html_join(
        "",
        "<tr><th scope=row><code>{}</code></th><td>{}</td><td>{}</td></tr>",
        ((p["name"], _kind(p["schema"]), p.get("description", "")) for p in parameters),
    )
    return format_html("<table><caption>Parameters</caption><tbody>{}</tbody></table>", rows)


def _kind(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"{_kind(schema['items'])}, …"
    return str(schema.get("format") or schema.get("type", ""))


def _example(content: dict[str, Any]) -> SafeString | str:
    for media in content.values():
        for example in media.get("examples", {}).values():
            return format_html(
                "<pre><code>{}</code></pre>", json.dumps(example["value"], indent=2, ensure_ascii=False)
            )
    return ""


def _body(body: dict[str, Any] | None) -> SafeString | str:
    return format_html("<p>Send:</p>{}", _example(body["content"])) if body else ""


def _responses(responses: dict[str, Any]) -> SafeString:
    return format_html_join(
        "",
        "<p><code>{}</code> {}</p>{}",
        ((code, r.get("description", ""), _example(r.get("content", {}))) for code, r in responses.items()),
    )
