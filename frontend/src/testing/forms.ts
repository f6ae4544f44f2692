import { vi } from "vitest";

export interface SentForm {
  address: string;
  fields: Record<string, string>;
  file: File;
  headers: Record<string, string>;
}

/** Answers the forms that `sendForm` sends, with one word of progress before each; keeps what was sent. */
export function serveForms(
  answer: (form: SentForm) => { status: number; body: unknown } | Promise<{ status: number; body: unknown }>,
): SentForm[] {
  const sent: SentForm[] = [];
  class Sending extends EventTarget {
    upload = new EventTarget();
    status = 0;
    responseText = "";
    #address = "";
    #headers: Record<string, string> = {};
    open(_method: string, address: string) {
      this.#address = address;
    }
    setRequestHeader(name: string, value: string) {
      this.#headers[name] = value;
    }
    abort() {
      this.dispatchEvent(new Event("abort"));
    }
    async send(form: FormData) {
      const { file, ...fields } = Object.fromEntries(form) as Record<string, string> & { file: unknown };
      const one = { address: this.#address, fields, file: file as File, headers: this.#headers };
      sent.push(one);
      this.upload.dispatchEvent(
        Object.assign(new Event("progress"), { lengthComputable: true, loaded: 25, total: 100 }),
      );
      const { status, body } = await answer(one);
      this.status = status;
      this.responseText = JSON.stringify(body);
      this.dispatchEvent(new Event(status === 0 ? "error" : "load"));
    }
  }
  vi.stubGlobal("XMLHttpRequest", Sending);
  return sent;
}
