const AGENT_PORT = 7443;

/** How the page was opened, as far as the probe's own rules ask about it. */
export interface Server {
  origin: string;
  /** Other hosts cannot reach this address. */
  isLoopback: boolean;
  /** Anybody on the way could read the tokens; the probe then asks for an explicit yes. */
  isPlaintext: boolean;
}

export function serverAt(location: Pick<Location, "origin" | "protocol" | "hostname">): Server {
  const host = location.hostname.replace(/^\[|\]$/g, "");
  const isLoopback = host === "localhost" || host === "::1" || host.startsWith("127.");
  return {
    origin: location.origin,
    isLoopback,
    isPlaintext: location.protocol === "http:" && !isLoopback,
  };
}

/** What is wrong with the name under which the server shall reach the host; null when a shell and an address take it. */
export function hostProblem(host: string): string | null {
  const text = host.trim();
  if (
    text === "" ||
    /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(text) ||
    /^[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*$/.test(text)
  ) {
    return null;
  }
  return "Only the name or the IP address of the host, without port.";
}

/** Where the agent will be. Without a name, the host's own shell says what it is called. */
export function agentAddress(host: string): string {
  const text = host.trim();
  if (text === "" || hostProblem(text) !== null) return `"https://$(hostname -f):${AGENT_PORT}"`;
  return `https://${text.includes(":") ? `[${text}]` : text}:${AGENT_PORT}`;
}

/** Builds the probe's one file and brings it to root's home on the host. */
export function bringCommands(host: string): string {
  const text = host.trim();
  const named = text !== "" && hostProblem(text) === null ? text : "HOST";
  return `make probe\nscp dist/plimsoll-probe.pyz root@${named.includes(":") ? `[${named}]` : named}:`;
}

/** Installs the file and enrols. The last command waits for the token, so nothing may come after it. */
export function enrolCommands(server: Server, host: string): string {
  return [
    "install -m 755 plimsoll-probe.pyz /usr/local/bin/plimsoll-probe",
    [
      `plimsoll-probe enrol --server ${server.origin}`,
      `  --token-file - --address ${agentAddress(host)}`,
      ...(server.isPlaintext ? ["  --allow-plaintext"] : []),
    ].join(" \\\n"),
  ].join("\n");
}

/** Starts the agent, now and at every boot. */
export const SERVICE_COMMANDS = [
  "plimsoll-probe unit > /etc/systemd/system/plimsoll-probe.service",
  "systemctl daemon-reload && systemctl enable --now plimsoll-probe",
].join("\n");
