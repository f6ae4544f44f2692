import type { Container } from "../../api/types";
import { AssetLink, EnvironmentName } from "../../ui/assetLink";
import { Chip } from "../../ui/chips";
import { ContainerStatus } from "../../ui/lists/containers";
import { Moment } from "../../ui/moment";
import { Facts } from "../../ui/page";

export function ContainerFacts({ container }: { container: Container }) {
  return (
    <Facts
      facts={[
        ["Status", <ContainerStatus key="status" container={container} />],
        ["Host", <AssetLink key="host" asset={container.host} />],
        ["Environment", <EnvironmentName key="environment" environment={container.environment} />],
        [
          "Image",
          container.image ? <AssetLink key="image" asset={{ kind: "image", ...container.image }} /> : null,
        ],
        ["Started as", container.image_reference],
        ["User", container.user || "root (not set)"],
        [
          "Privileged",
          container.privileged ? (
            <Chip key="privileged" tone="bad">
              privileged
            </Chip>
          ) : (
            "no"
          ),
        ],
        ["Network", container.network_mode],
        ["Published", container.published.join(", ") || "nothing"],
        ["Project", container.project],
        ["Engine's id", <code key="id">{container.engine_container_id.slice(0, 12)}</code>],
        // A host probe alone does not tell either.
        ["Created", container.created_at && <Moment key="created" at={container.created_at} />],
        ["Started", container.created_at && <Moment key="started" at={container.started_at} />],
        ["First seen", <Moment key="first" at={container.first_seen_at} />],
        ["Last change", <Moment key="changed" at={container.changed_at} />],
      ]}
    />
  );
}
