import { vi } from "vitest";

export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  body: unknown;
  headers: Headers;
}

type Answer = { status?: number; body: unknown };
type Route = (call: Call) => Answer | Promise<Answer>;

/**
 * Answers `fetch` from routes such as `GET /hosts`, and keeps what was asked. A request without a route is
 * answered with 404 problem details, as the server does.
 */
export function serve(routes: Record<string, Route>): Call[] {
  const calls: Call[] = [];
  vi.stubGlobal("fetch", async (address: string, init: RequestInit = {}) => {
    const url = new URL(address, "http://localhost");
    const call: Call = {
      method: init.method ?? "GET",
      path: url.pathname.replace("/api/v1", ""),
      query: url.searchParams,
      body: init.body ? JSON.parse(String(init.body)) : undefined,
      headers: new Headers(init.headers),
    };
    calls.push(call);
    const route = routes[`${call.method} ${call.path}`];
    const answer = route
      ? await route(call)
      : {
          status: 404,
          body: { title: "Not found", detail: `${call.method} ${call.path}`, code: "not_found" },
        };
    const status = answer.status ?? 200;
    return new Response(status === 204 ? null : JSON.stringify(answer.body), {
      status,
      headers: { "Content-Type": "application/json" },
    });
  });
  return calls;
}

export function list(rows: unknown[], next: string | null = null, value = rows.length): Answer {
  return { body: { results: rows, next, count: { value, exact: true } } };
}

const MAY = ["fleet.view", "nodes.change", "pulls.control"];

/** A session whose person may this too. */
export function sessionThatMay(...more: string[]): Route {
  return () => ({
    body: {
      authenticated: true,
      idle_timeout_seconds: 3600,
      user: {
        id: 1,
        username: "ada",
        email: "",
        role: "administrator",
        must_change_password: false,
        environments: [{ id: 7, slug: "production", name: "Production" }],
        permissions: [...MAY, ...more],
        last_login_at: null,
      },
    },
  });
}

export const SESSION: Route = sessionThatMay();
