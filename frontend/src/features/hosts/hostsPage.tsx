import { Explorer } from "../../ui/explorer/explorer";
import { PageFrame } from "../../ui/page";
import { HOST_LIST } from "./hostList";

export function HostsPage() {
  return (
    <PageFrame title="Hosts" fill says="Machines that run containers, heaviest load first.">
      <Explorer definition={HOST_LIST} />
    </PageFrame>
  );
}
