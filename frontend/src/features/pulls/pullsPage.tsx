import { Explorer } from "../../ui/explorer/explorer";
import { PULL_LIST } from "../../ui/lists/pulls";
import { PageFrame } from "../../ui/page";

export function PullsPage() {
  return (
    <PageFrame title="Pulls" fill says="Every run of a worker against a node, the newest first.">
      <Explorer definition={PULL_LIST} />
    </PageFrame>
  );
}
