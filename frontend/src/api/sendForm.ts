import { apiPath, csrfToken, refusal } from "./client";
import { Problem, unreachable } from "./problem";

/** The file with what belongs to it, as the fields of a form; empty values are left out. */
function formOf(file: File, fields: Record<string, string>): FormData {
  const form = new FormData();
  // First, so that the server knows what a file is about before it has all of it.
  for (const [name, value] of Object.entries(fields)) if (value) form.append(name, value);
  form.append("file", file);
  return form;
}

function readBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * Sends one file as a form and tells how much of it is on its way: `fetch` cannot. `onProgress` is given a share, 0..1.
 * @throws Problem for every answer that is not a success, when none arrives, and (with code `stopped`) after `signal`.
 */
export async function sendForm<Answer>(
  path: string,
  file: File,
  fields: Record<string, string>,
  options: { onProgress?: (share: number) => void; signal?: AbortSignal } = {},
): Promise<Answer> {
  const token = await csrfToken();
  return new Promise((resolve, reject) => {
    const stopped = () =>
      new Problem({
        status: 0,
        code: "stopped",
        title: "Not sent",
        detail: "Stopped before all of it was sent.",
      });
    if (options.signal?.aborted) return reject(stopped());
    const sending = new XMLHttpRequest();
    sending.open("POST", apiPath(path));
    sending.setRequestHeader("Accept", "application/json, application/problem+json");
    sending.setRequestHeader("X-CSRFToken", token);
    sending.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable && event.total > 0) options.onProgress?.(event.loaded / event.total);
    });
    sending.addEventListener("load", () => {
      const body = readBody(sending.responseText);
      if (sending.status >= 200 && sending.status < 300 && body !== null) resolve(body as Answer);
      else reject(refusal(sending.status, body, path));
    });
    sending.addEventListener("error", () => reject(unreachable()));
    sending.addEventListener("abort", () => reject(stopped()));
    options.signal?.addEventListener("abort", () => sending.abort());
    sending.send(formOf(file, fields));
  });
}
