import type { Node } from "../../api/types";
import { AssetLink, EnvironmentName } from "../../ui/assetLink";
import { labelsText } from "../../ui/labels";
import { Moment } from "../../ui/moment";
import { type Fact, Facts } from "../../ui/page";
import { bytesText, spanText, wholeText, wordsOf } from "../../ui/quantities";
import { schemeOf } from "./draft";
import { NodeKindName } from "./nodeKind";

function limitsText(limits: Node["limits"]): string {
  return [
    limits.seconds ? spanText(limits.seconds) : null,
    limits.bytes ? bytesText(limits.bytes) : null,
    limits.items ? `${wholeText(limits.items)} items` : null,
  ]
    .filter(Boolean)
    .join(", ");
}

const PARTS: Record<string, string> = {
  ca_certificate: "CA certificate",
  ssh_private_key: "SSH private key",
  ssh_passphrase: "SSH passphrase",
  ssh_host_key: "SSH host key",
  token: "bearer token",
  username: "user name",
};

/** With which rights the host is read; null where no probe does. */
function rightsText(node: Node): string | null {
  if (node.kind === "registry" || (node.kind === "docker" && !node.reads_host)) return null;
  if (node.use_sudo) return "root, with sudo";
  return schemeOf(node.address) === "https" ? "those of the agent" : "those of its user, without sudo";
}

export function NodeFacts({ node }: { node: Node }) {
  const rights = rightsText(node);
  return (
    <Facts
      facts={[
        ["Kind", <NodeKindName key="kind" node={node} />],
        ["Address", <code key="address">{node.address}</code>],
        ["Environment", <EnvironmentName key="environment" environment={node.environment} />],
        ["Host", <AssetLink key="host" asset={node.host} />],
        [
          "Software",
          node.engine &&
            `${node.engine.name} ${node.engine.version}${node.kind === "docker" ? ` (API ${node.engine.api_version})` : ""}`,
        ],
        ["Last success", <Moment key="success" at={node.last_success_at} />],
        ...(node.reads_host
          ? [["Host last read", <Moment key="read" at={node.host_read_at} />] satisfies Fact]
          : []),
        ...(rights ? [["Rights on the host", rights] satisfies Fact] : []),
        [
          "Next pull",
          node.paused ? "paused" : <Moment key="due" at={node.next_due_at} never="not scheduled" />,
        ],
        ["Pulled every", spanText(node.interval_seconds)],
        ["Limits of a pull", limitsText(node.limits) || "the usual"],
        ["Labels", labelsText(node.labels)],
        [
          "Credential",
          node.has_credential
            ? node.credential_parts.map((part) => PARTS[part] ?? wordsOf(part)).join(", ")
            : "none",
        ],
        ["Pinned host key", node.host_key ? <code key="key">{node.host_key.fingerprint}</code> : null],
        ["Registered", <Moment key="created" at={node.created_at} />],
      ]}
    />
  );
}
