import { AS_OF, addressText, ENVIRONMENT } from "./view";

/** What "are we affected?" asks: a vulnerability by a name of it, or a package. The last two are for packages. */
export interface Question {
  q: string;
  ecosystem: string;
  versions: string;
}

// The forms that the server takes for names of vulnerabilities.
const VULNERABILITY =
  /^(CVE-\d{4}-\d{4,}|GHSA(-[0-9a-z]{4}){3}|[A-Z][A-Za-z]{1,15}-(CVE-)?\d{4}[-:]\d+(-\d+)?)$/i;

export function namesVulnerability(text: string): boolean {
  return VULNERABILITY.test(text.trim());
}

export function readQuestion(search: string): Question {
  const params = new URLSearchParams(search);
  const text = (name: string) => params.get(name)?.trim() ?? "";
  return { q: text("q"), ecosystem: text("ecosystem"), versions: text("versions") };
}

/** The question without what cannot be asked of it: a vulnerability has no versions, a package URL names its type. */
export function askable({ q, ecosystem, versions }: Question): Question {
  const text = q.trim();
  const isVulnerability = namesVulnerability(text);
  return {
    q: text,
    ecosystem: isVulnerability || text.startsWith("pkg:") ? "" : ecosystem.trim(),
    versions: isVulnerability ? "" : versions.trim(),
  };
}

/** The address of a question; scope and date go along from `before`. */
export function questionSearch(question: Question, before: string): string {
  const kept = new URLSearchParams(before);
  const params = new URLSearchParams();
  for (const name of [ENVIRONMENT, AS_OF]) {
    const value = kept.get(name);
    if (value) params.set(name, value);
  }
  for (const [name, value] of Object.entries(askable(question))) if (value) params.set(name, value);
  return addressText(params);
}
