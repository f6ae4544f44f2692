import type { Credential, NodeWrite, ScannedHostKey } from "../../api/types";

export type Scheme = "unix" | "tcp" | "ssh";

export interface Draft {
  address: string;
  allowPlaintext: boolean;
  credential: Credential;
  hostKey: ScannedHostKey | null;
  /** Whether the person said that the shown fingerprint is the host's. */
  hostKeyConfirmed: boolean;
  name: string;
  environment: string | null;
  labels: string;
  intervalSeconds: number;
  limitSeconds: number | null;
  limitMegabytes: number | null;
  limitItems: number | null;
}

export const EMPTY_DRAFT: Draft = {
  address: "",
  allowPlaintext: false,
  credential: {},
  hostKey: null,
  hostKeyConfirmed: false,
  name: "",
  environment: null,
  labels: "",
  intervalSeconds: 300,
  limitSeconds: null,
  limitMegabytes: null,
  limitItems: null,
};

export function schemeOf(address: string): Scheme | null {
  const scheme = /^([a-z]+):\/\//.exec(address.trim())?.[1];
  return scheme === "unix" || scheme === "tcp" || scheme === "ssh" ? scheme : null;
}

/** What is wrong with an address, in words; null when it can be tried. The server decides in the end. */
export function addressProblem(address: string): string | null {
  const text = address.trim();
  if (text === "") return "Give the address of the engine.";
  const scheme = schemeOf(text);
  if (!scheme) return "Begin with unix://, tcp:// or ssh://.";
  const rest = text.slice(scheme.length + 3);
  if (scheme === "unix") return rest.startsWith("/") ? null : "Give the absolute path of the socket.";
  const host = rest.replace(/^[^@/]*@/, "").replace(/[:/].*$/, "");
  if (!rest.startsWith("[") && host === "") return "The host is missing.";
  if (scheme === "ssh" && !rest.includes("@")) return "Say who logs in: ssh://user@host.";
  return null;
}

export interface CredentialField {
  name: keyof Credential;
  label: string;
  description?: string;
  secret?: boolean;
  short?: boolean;
}

/** What a scheme can be given to prove who asks and who answers. */
export function credentialFields(scheme: Scheme | null): CredentialField[] {
  if (scheme === "tcp") {
    return [
      {
        name: "ca_certificate",
        label: "CA certificate",
        description: "The authority that signed the engine's certificate",
      },
      { name: "client_certificate", label: "Client certificate" },
      {
        name: "client_key",
        label: "Client key",
        secret: true,
        description: "Stored encrypted; never shown again",
      },
    ];
  }
  if (scheme === "ssh") {
    return [
      {
        name: "ssh_private_key",
        label: "Private key",
        secret: true,
        description: "Stored encrypted; never shown again",
      },
      {
        name: "ssh_passphrase",
        label: "Passphrase of the key",
        secret: true,
        short: true,
        description: "Empty if it has none",
      },
    ];
  }
  return [];
}

/** What still stands between the draft and a connection; null when it can be tested. */
export function credentialProblem(draft: Draft): string | null {
  const scheme = schemeOf(draft.address);
  const { credential } = draft;
  if (scheme === "ssh") {
    if (!credential.ssh_private_key?.trim()) return "Give the private key to log in with.";
    if (!draft.hostKey) return "Fetch the host's key and compare its fingerprint.";
    if (!draft.hostKeyConfirmed) return "Confirm that the fingerprint is the host's.";
  }
  if (scheme === "tcp" && !draft.allowPlaintext) {
    if (!credential.ca_certificate?.trim())
      return "Give the CA certificate, or allow a connection without TLS.";
    if (Boolean(credential.client_certificate?.trim()) !== Boolean(credential.client_key?.trim())) {
      return "A client certificate and its key belong together.";
    }
  }
  return null;
}

/** Only the parts that the scheme uses and that were given. */
export function credentialBody(draft: Pick<Draft, "address" | "credential" | "hostKey">): Credential {
  const scheme = schemeOf(draft.address);
  const body: Credential = {};
  for (const { name } of credentialFields(scheme)) {
    const value = draft.credential[name];
    if (value?.trim()) body[name] = value;
  }
  if (scheme === "ssh" && draft.hostKey) body.ssh_host_key = draft.hostKey.key;
  return body;
}

/** `team=platform, rack=7` as a record. A label without a value has the empty one. */
export function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const part of text.split(",")) {
    const [name, ...value] = part.split("=");
    if (name?.trim()) labels[name.trim()] = value.join("=").trim();
  }
  return labels;
}

export function labelsText(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map(([name, value]) => (value ? `${name}=${value}` : name))
    .join(", ");
}

export function nodeBody(draft: Draft): NodeWrite {
  const limits: NodeWrite["limits"] = {};
  if (draft.limitSeconds) limits.seconds = draft.limitSeconds;
  if (draft.limitMegabytes) limits.bytes = draft.limitMegabytes * 1024 * 1024;
  if (draft.limitItems) limits.items = draft.limitItems;
  const credential = credentialBody(draft);
  return {
    name: draft.name.trim(),
    address: draft.address.trim(),
    environment: draft.environment === null ? null : Number(draft.environment),
    labels: readLabels(draft.labels),
    interval_seconds: draft.intervalSeconds,
    limits,
    ...(Object.keys(credential).length > 0 ? { credential } : {}),
    ...(draft.allowPlaintext && schemeOf(draft.address) === "tcp" ? { allow_plaintext: true } : {}),
  };
}
