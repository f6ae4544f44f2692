import type { Host } from "../../api/types";
import { EnvironmentName } from "../../ui/assetLink";
import { Moment } from "../../ui/moment";
import { Facts } from "../../ui/page";
import { bytesText, wholeText } from "../../ui/quantities";

function yesNo(value: boolean | null): string | null {
  return value === null ? null : value ? "yes" : "no";
}

/** `docker 28.5.1`; empty for a host that only a host probe reads. */
export function engineText(host: Host): string {
  return `${host.engine} ${host.engine_version}`.trim();
}

export function HostFacts({ host }: { host: Host }) {
  return (
    <Facts
      facts={[
        ["Environment", <EnvironmentName key="environment" environment={host.environment} />],
        ["Operating system", host.operating_system],
        ["Kernel", host.kernel_version],
        ["Architecture", host.architecture],
        ["Processors", host.cpus ? wholeText(host.cpus) : null],
        ["Memory", host.memory_bytes ? bytesText(host.memory_bytes) : null],
        [
          "Engine",
          engineText(host) && `${engineText(host)}${host.api_version && ` (API ${host.api_version})`}`,
        ],
        ["Storage driver", host.storage_driver],
        ["cgroup version", host.cgroup_version],
        ["Rootless", host.engine ? yesNo(host.is_rootless) : null],
        ["Remaps user namespaces", host.engine ? yesNo(host.remaps_users) : null],
        ["Swarm", host.swarm_state],
        ["First seen", <Moment key="first" at={host.first_seen_at} />],
        ["Last seen", <Moment key="last" at={host.last_seen_at} />],
        ["Last change", <Moment key="changed" at={host.changed_at} />],
      ]}
    />
  );
}
