import type { Node } from "../../api/types";
import { AssetLink, EnvironmentName } from "../../ui/assetLink";
import { Moment } from "../../ui/moment";
import { Facts } from "../../ui/page";
import { bytesText, durationText, spanText, wholeText, wordsOf } from "../../ui/quantities";
import { labelsText } from "./draft";

function limitsText(limits: Node["limits"]): string {
  return [
    limits.seconds ? durationText(limits.seconds) : null,
    limits.bytes ? bytesText(limits.bytes) : null,
    limits.items ? `${wholeText(limits.items)} items` : null,
  ]
    .filter(Boolean)
    .join(", ");
}

export function NodeFacts({ node }: { node: Node }) {
  return (
    <Facts
      facts={[
        ["Address", <code key="address">{node.address}</code>],
        ["Environment", <EnvironmentName key="environment" environment={node.environment} />],
        ["Host", <AssetLink key="host" asset={node.host} />],
        [
          "Engine",
          node.engine ? `${node.engine.name} ${node.engine.version} (API ${node.engine.api_version})` : null,
        ],
        ["Last success", <Moment key="success" at={node.last_success_at} />],
        [
          "Next pull",
          node.paused ? "paused" : <Moment key="due" at={node.next_due_at} never="not scheduled" />,
        ],
        ["Pulled every", spanText(node.interval_seconds)],
        ["Limits of a pull", limitsText(node.limits) || "the usual"],
        ["Labels", labelsText(node.labels)],
        ["Credential", node.has_credential ? node.credential_parts.map(wordsOf).join(", ") : "none"],
        ["Pinned host key", node.host_key ? <code key="key">{node.host_key.fingerprint}</code> : null],
        ["Registered", <Moment key="created" at={node.created_at} />],
      ]}
    />
  );
}
