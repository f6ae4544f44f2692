import { Button, Stack } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import type { ContainerProbe } from "../../api/defences";
import { useItem } from "../../api/hooks";
import { AssetLink } from "../../ui/assetLink";
import { DefenceTable } from "../../ui/defences/defenceTable";
import { NotMeasuredPanel } from "../../ui/defences/notMeasured";
import { Moment } from "../../ui/moment";
import { Facts, Panel } from "../../ui/page";
import { EvidenceDocument, EvidenceLines } from "../../ui/panels/evidence";
import { plural, wholeText } from "../../ui/quantities";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import { useCarry, useScope } from "../../url/scope";

const PATHS_SHOWN = 40;

function Unprobed({ hostId }: { hostId: number }) {
  const to = useCarry();
  return (
    <Panel title="Confinement">
      <Empty
        title="No host probe has seen this container"
        action={
          <Button component={Link} variant="default" to={to(`/hosts/${hostId}`, { tab: "kernel" })}>
            The host's kernel
          </Button>
        }
      >
        What confines its process in the end can only be seen on its host. Where a host probe reads the host,
        the next pull tells; the engine's own settings are under Settings.
      </Empty>
    </Panel>
  );
}

/** The programs and libraries that were seen loaded, which says what of the image is in use. */
function Loaded({ loaded }: { loaded: ContainerProbe["loaded"] }) {
  const [all, setAll] = useState(false);
  if (!loaded) {
    return (
      <Panel title="Files in use" aside="not measured">
        <p className="soft">
          None could be read: its process does not run, or the probe may not look into it.
        </p>
      </Panel>
    );
  }
  const shown = all ? loaded.paths : loaded.paths.slice(0, PATHS_SHOWN);
  return (
    <Panel
      title={`Files in use: ${plural(loaded.paths.length, "program or library", "programs and libraries")}`}
      aside={
        <>
          watched since <Moment at={loaded.watched_since} />, last new one <Moment at={loaded.grown_at} />
        </>
      }
    >
      <EvidenceLines lines={shown} />
      {loaded.paths.length > shown.length && (
        <Button mt={8} variant="default" onClick={() => setAll(true)}>
          Show all {wholeText(loaded.paths.length)}
        </Button>
      )}
    </Panel>
  );
}

/** What confines the container's process as the kernel has it, whatever its engine was told. */
export function Confinement({ id, hostId }: { id: string; hostId: number }) {
  const { asOf } = useScope();
  const item = useItem<ContainerProbe>(`/containers/${id}/probe`, { as_of: asOf });
  const probe = item.data;
  if (!probe) {
    if (item.error?.status === 404) return <Unprobed hostId={hostId} />;
    return item.error ? (
      <ProblemNote problem={item.error} retry={() => void item.refetch()} />
    ) : (
      <Loading what="the host probe's answer" />
    );
  }
  return (
    <Stack gap="md">
      {item.error && <ProblemNote problem={item.error} retry={() => void item.refetch()} />}
      <Panel title="The host probe">
        <Facts
          facts={[
            ["Started by", probe.manager || "cannot be told"],
            ["Read on", <AssetLink key="host" asset={probe.host} />],
            ["Says the same since", <Moment key="since" at={probe.since} />],
            ["Not measured", plural(probe.not_measured.length, "fact", "facts")],
          ]}
        />
      </Panel>
      <DefenceTable asset={id} kind="container" title="What confines its process" />
      <Loaded loaded={probe.loaded} />
      <NotMeasuredPanel entries={probe.not_measured} />
      <Panel title="What the probe answered" aside="secrets are taken out before it is sent">
        <EvidenceDocument value={probe.document} />
      </Panel>
    </Stack>
  );
}
