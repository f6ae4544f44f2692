import type { Credential, Node, NodeKind, NodeWrite, ScannedHostKey } from "../../api/types";
import { labelsText, readLabels } from "../../ui/labels";

export type Scheme = "unix" | "tcp" | "ssh" | "local" | "https" | "http";

/** How a host probe is reached; each is a scheme of its address. */
export type Way = "local" | "ssh" | "https";

/** The whole address of the machine that the server runs on. */
export const LOCAL = "local://";

const SCHEMES: readonly string[] = ["unix", "tcp", "ssh", "local", "https", "http"] satisfies Scheme[];

export interface Draft {
  kind: NodeKind;
  /** Only for a host probe. */
  way: Way;
  address: string;
  allowPlaintext: boolean;
  /** Read the host too, over the engine's own SSH connection. */
  readsHost: boolean;
  useSudo: boolean;
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
  kind: "docker",
  way: "local",
  address: "",
  allowPlaintext: false,
  readsHost: false,
  useSudo: false,
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

/** The draft that would register this node, but for its credential, which nobody can read. */
export function draftOf(node: Node): Draft {
  const scheme = schemeOf(node.address);
  return {
    ...EMPTY_DRAFT,
    kind: node.kind,
    way: scheme === "ssh" || scheme === "https" ? scheme : "local",
    address: node.address,
    allowPlaintext: node.allow_plaintext,
    readsHost: node.reads_host,
    useSudo: node.use_sudo,
    name: node.name,
    environment: node.environment ? String(node.environment.id) : null,
    labels: labelsText(node.labels),
    intervalSeconds: node.interval_seconds,
    limitSeconds: node.limits.seconds ?? null,
    limitMegabytes: node.limits.bytes ? Math.max(1, Math.round(node.limits.bytes / 1024 / 1024)) : null,
    limitItems: node.limits.items ?? null,
  };
}

export function schemeOf(address: string): Scheme | null {
  const scheme = /^([a-z]+):\/\//.exec(address.trim())?.[1];
  return scheme && SCHEMES.includes(scheme) ? (scheme as Scheme) : null;
}

/** Where the draft's node is: this machine has no other address than its own. */
export function addressOf(draft: Pick<Draft, "kind" | "way" | "address">): string {
  return draft.kind === "probe" && draft.way === "local" ? LOCAL : draft.address.trim();
}

const WHAT: Record<NodeKind, string> = { docker: "engine", probe: "host", registry: "registry" };

/** What is wrong with the address, in words; null when it can be tried. The server decides in the end. */
export function addressProblem(draft: Pick<Draft, "kind" | "way" | "address">): string | null {
  const text = addressOf(draft);
  if (text === LOCAL && draft.kind === "probe") return null;
  if (text === "") return `Give the address of the ${WHAT[draft.kind]}.`;
  const scheme = schemeOf(text);
  if (draft.kind === "probe") {
    if (scheme !== draft.way) return `Begin with ${draft.way}://.`;
  } else if (draft.kind === "registry") {
    if (scheme !== "https" && scheme !== "http") return "Begin with https://.";
  } else if (scheme !== "unix" && scheme !== "tcp" && scheme !== "ssh") {
    return "Begin with unix://, tcp:// or ssh://.";
  }
  const rest = text.slice((scheme?.length ?? 0) + 3);
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
  /** One line that may be seen. */
  plain?: boolean;
  /** Rarely needed: shown when it is asked for. */
  aside?: boolean;
}

const CLIENT_CERTIFICATE: CredentialField = { name: "client_certificate", label: "Client certificate" };
const CLIENT_KEY: CredentialField = {
  name: "client_key",
  label: "Client key",
  secret: true,
  description: "Stored encrypted; never shown again",
};

const ACCOUNT: CredentialField[] = [
  {
    name: "username",
    label: "User name",
    plain: true,
    description: "Empty to read what everybody may",
  },
  {
    name: "password",
    label: "Password or access token",
    secret: true,
    short: true,
    description: "One that may pull is enough. Stored encrypted; never shown again",
  },
];

const OF_REGISTRY: Partial<Record<Scheme, CredentialField[]>> = {
  https: [
    ...ACCOUNT,
    {
      name: "ca_certificate",
      label: "CA certificate",
      description: "The authority that signed the registry's certificate; empty for a public one",
    },
    { ...CLIENT_CERTIFICATE, aside: true },
    { ...CLIENT_KEY, aside: true },
  ],
  http: ACCOUNT,
};

const FIELDS: Record<Scheme, CredentialField[]> = {
  unix: [],
  local: [],
  http: [],
  tcp: [
    {
      name: "ca_certificate",
      label: "CA certificate",
      description: "The authority that signed the engine's certificate",
    },
    CLIENT_CERTIFICATE,
    CLIENT_KEY,
  ],
  ssh: [
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
  ],
  https: [
    {
      name: "token",
      label: "Bearer token",
      secret: true,
      short: true,
      description: "What the agent wants to be shown. Stored encrypted; never shown again",
    },
    {
      name: "ca_certificate",
      label: "Certificate of the agent",
      description: "Its own, which is then pinned, or that of the CA which signed it; empty for a public CA",
    },
    { ...CLIENT_CERTIFICATE, aside: true },
    { ...CLIENT_KEY, aside: true },
  ],
};

/** What a scheme can be given to prove who asks and who answers. */
export function credentialFields(scheme: Scheme | null, kind: NodeKind = "docker"): CredentialField[] {
  if (!scheme) return [];
  return kind === "registry" ? (OF_REGISTRY[scheme] ?? []) : FIELDS[scheme];
}

/** What still stands between the draft and a connection; null when it can be tested. */
export function credentialProblem(draft: Draft): string | null {
  const scheme = schemeOf(addressOf(draft));
  const given = (name: keyof Credential) => Boolean(draft.credential[name]?.trim());
  if (scheme === "ssh") {
    if (!given("ssh_private_key")) return "Give the private key to log in with.";
    if (!draft.hostKey) return "Fetch the host's key and compare its fingerprint.";
    if (!draft.hostKeyConfirmed) return "Confirm that the fingerprint is the host's.";
  }
  if (draft.kind === "registry") {
    if (scheme === "http" && !draft.allowPlaintext)
      return "Allow a connection without TLS, or begin with https://.";
    if (given("username") !== given("password")) return "A user name and its password belong together.";
    return pairProblem(draft);
  }
  if (scheme === "tcp" && draft.allowPlaintext) return null;
  if (scheme === "tcp" && !given("ca_certificate"))
    return "Give the CA certificate, or allow a connection without TLS.";
  if (scheme === "https" && !given("token") && !given("client_certificate") && !given("client_key"))
    return "Give the agent's bearer token, or a client certificate and its key.";
  return pairProblem(draft);
}

/** A client certificate without its key, or a key without its certificate. */
export function pairProblem({ credential }: Pick<Draft, "credential">): string | null {
  const isPair = Boolean(credential.client_certificate?.trim()) === Boolean(credential.client_key?.trim());
  return isPair ? null : "A client certificate and its key belong together.";
}

/** Only the parts that the scheme uses and that were given. */
export function credentialBody(
  draft: Pick<Draft, "kind" | "way" | "address" | "credential" | "hostKey">,
): Credential {
  const scheme = schemeOf(addressOf(draft));
  const body: Credential = {};
  for (const { name } of credentialFields(scheme, draft.kind)) {
    const value = draft.credential[name];
    if (value?.trim()) body[name] = value;
  }
  if (scheme === "ssh" && draft.hostKey) body.ssh_host_key = draft.hostKey.key;
  return body;
}

/** How the host is read, where this kind of node and its address leave a choice. */
export function hostOptions(draft: Draft): { reads_host: boolean; use_sudo: boolean } {
  const overSsh = schemeOf(addressOf(draft)) === "ssh";
  const readsHost = overSsh && draft.kind === "docker" && draft.readsHost;
  const isProbed = readsHost || draft.kind === "probe";
  return { reads_host: readsHost, use_sudo: overSsh && isProbed && draft.useSudo };
}

/** Whether the address leaves open that nothing is encrypted. */
export function mayBePlain(address: string): boolean {
  const scheme = schemeOf(address);
  return scheme === "tcp" || scheme === "http";
}

/** What `/nodes/test` takes: everything that decides how the node is opened. */
export function testBody(draft: Draft) {
  return {
    kind: draft.kind,
    address: addressOf(draft),
    credential: credentialBody(draft),
    allow_plaintext: draft.allowPlaintext && mayBePlain(addressOf(draft)),
    ...hostOptions(draft),
  };
}

export function nodeBody(draft: Draft): NodeWrite {
  const limits: NodeWrite["limits"] = {};
  if (draft.limitSeconds) limits.seconds = draft.limitSeconds;
  if (draft.limitMegabytes) limits.bytes = draft.limitMegabytes * 1024 * 1024;
  if (draft.limitItems) limits.items = draft.limitItems;
  const credential = credentialBody(draft);
  const address = addressOf(draft);
  const options = hostOptions(draft);
  return {
    name: draft.name.trim(),
    kind: draft.kind,
    address,
    environment: draft.environment === null ? null : Number(draft.environment),
    labels: readLabels(draft.labels),
    interval_seconds: draft.intervalSeconds,
    limits,
    ...(Object.keys(credential).length > 0 ? { credential } : {}),
    ...(draft.allowPlaintext && mayBePlain(address) ? { allow_plaintext: true } : {}),
    ...(options.reads_host ? { reads_host: true } : {}),
    ...(options.use_sudo ? { use_sudo: true } : {}),
  };
}
