/** What went wrong with a request, in words a person can act on (RFC 9457 problem details where the server sent them). */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly hint: string | null;
  readonly retryAfter: number | null;
  /** Messages by input field, for forms. */
  readonly fields: Record<string, string>;

  constructor(given: {
    status: number;
    code: string;
    title: string;
    detail?: string;
    hint?: string | null;
    retryAfter?: number | null;
    fields?: Record<string, string>;
  }) {
    super(given.detail || given.title);
    this.name = "Problem";
    this.status = given.status;
    this.code = given.code;
    this.title = given.title;
    this.detail = given.detail ?? "";
    this.hint = given.hint ?? null;
    this.retryAfter = given.retryAfter ?? null;
    this.fields = given.fields ?? {};
  }
}

const TITLES: Record<number, string> = {
  401: "You are not logged in",
  403: "Your role does not allow this",
  404: "This does not exist, or you may not see it",
  429: "Too many requests",
  502: "The server could not be reached",
  503: "The server is not ready",
  504: "The server took too long",
};

/** Reads a failed answer. A body that is not problem details still gives a problem with the status named. */
export function problemFrom(status: number, body: unknown): Problem {
  const record = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const text = (name: string) => (typeof record[name] === "string" ? (record[name] as string) : undefined);
  const fields: Record<string, string> = {};
  if (Array.isArray(record.errors)) {
    for (const entry of record.errors as { field?: unknown; message?: unknown }[]) {
      if (typeof entry?.field === "string" && typeof entry.message === "string") {
        fields[entry.field] = fields[entry.field] ? `${fields[entry.field]} ${entry.message}` : entry.message;
      }
    }
  }
  return new Problem({
    status,
    code: text("code") ?? `http_${status}`,
    title: text("title") ?? TITLES[status] ?? `The server answered ${status}`,
    detail: text("detail"),
    hint: text("hint") ?? null,
    retryAfter: typeof record.retry_after === "number" ? record.retry_after : null,
    fields,
  });
}

/** The same for what fails before an answer arrives: no network, a closed server. */
export function unreachable(): Problem {
  return new Problem({
    status: 0,
    code: "unreachable",
    title: "The server could not be reached",
    detail: "Check the connection. Nothing on this page was changed.",
  });
}

/** Any thrown value as a problem, so that every page can show it the same way. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem({
    status: -1,
    code: "unexpected",
    title: "Something went wrong on this page",
    detail: error instanceof Error ? error.message : String(error),
  });
}
