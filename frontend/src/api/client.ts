import { isBackground } from "./activity";
import { Problem, problemFrom, unreachable } from "./problem";

export const API_ROOT = "/api/v1";

export type QueryValue = string | number | boolean | null | undefined | readonly string[];
export type Query = Record<string, QueryValue>;
export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A query as one text for each name: several values are joined by commas, empty ones are left out. */
export function queryValues(query: Query): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined) continue;
    const text = Array.isArray(value) ? value.join(",") : String(value);
    if (text !== "") values[name] = text;
  }
  return values;
}

/** A query as text, without the question mark. Commas and colons stay readable (RFC 3986 allows them in a query). */
export function queryText(query: Query): string {
  return Object.entries(queryValues(query))
    .map(([name, text]) => {
      const encoded = encodeURIComponent(text)
        .replaceAll("%2C", ",")
        .replaceAll("%3A", ":")
        .replaceAll("%2F", "/");
      return `${encodeURIComponent(name)}=${encoded}`;
    })
    .join("&");
}

/** The path of a resource under /api/v1 with its query. */
export function apiPath(path: string, query: Query = {}): string {
  const text = queryText(query);
  return `${API_ROOT}${path}${text ? `?${text}` : ""}`;
}

function cookie(name: string): string {
  for (const part of document.cookie.split(";")) {
    const [key, ...rest] = part.trim().split("=");
    if (key === name) return decodeURIComponent(rest.join("="));
  }
  return "";
}

/** The value that proves a change comes from our own page. A cookie that ran out comes anew with the session's state. */
export async function csrfToken(): Promise<string> {
  const known = cookie("plimsoll_csrf");
  if (known) return known;
  await fetch(apiPath("/session"), { credentials: "same-origin" }).catch(() => undefined);
  return cookie("plimsoll_csrf");
}

type Listener = () => void;
const expiryListeners = new Set<Listener>();

/** Calls the listener whenever the server says that nobody is logged in. Returns the way to stop that. */
export function onSessionExpired(listener: Listener): () => void {
  expiryListeners.add(listener);
  return () => expiryListeners.delete(listener);
}

/** The problem of a refused request. Tells the listeners when it means that nobody is logged in any more. */
export function refusal(status: number, body: unknown, path: string): Problem {
  // A refused login is an answer to this very form, not the end of a session.
  if (status === 401 && path !== "/session") for (const listener of expiryListeners) listener();
  return problemFrom(status, body);
}

/**
 * Sends one request and returns the answer's JSON (undefined for 204).
 * @throws Problem for every answer that is not a success, and when none arrives.
 */
export async function request<Answer>(
  method: Method,
  path: string,
  options: { query?: Query; body?: unknown; signal?: AbortSignal } = {},
): Promise<Answer> {
  const headers: Record<string, string> = { Accept: "application/json, application/problem+json" };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (isBackground(method)) headers["X-Plimsoll-Background"] = "1";
  if (method !== "GET") headers["X-CSRFToken"] = await csrfToken();
  let response: Response;
  try {
    response = await fetch(apiPath(path, options.query), {
      method,
      headers,
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      signal: options.signal,
      credentials: "same-origin",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw unreachable();
  }
  if (response.status === 204) return undefined as Answer;
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw refusal(response.status, body, path);
  if (body === null) {
    throw new Problem({
      status: response.status,
      code: "not_json",
      title: "The server's answer could not be read",
      detail: `${method} ${path} did not answer with JSON.`,
    });
  }
  return body as Answer;
}
