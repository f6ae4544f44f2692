import { Explorer } from "../../ui/explorer/explorer";
import { PageFrame } from "../../ui/page";
import { VULNERABILITY_LIST } from "./vulnerabilityList";

export function VulnerabilitiesPage() {
  return (
    <PageFrame
      title="Vulnerabilities"
      fill
      says="Each once under all its names, with how far it reaches and where it is fixed."
    >
      <Explorer definition={VULNERABILITY_LIST} />
    </PageFrame>
  );
}
