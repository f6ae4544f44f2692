import { SegmentedControl } from "@mantine/core";
import { useMemo } from "react";
import { useSession } from "../../api/session";
import { Explorer } from "../../ui/explorer/explorer";
import { FINDING_LIST } from "../../ui/lists/findings";
import { PageFrame } from "../../ui/page";
import { useScope } from "../../url/scope";
import { useAddressValue } from "../../url/useView";
import { findingActions } from "./findingBulk";
import { FindingGroups, GROUPINGS, type Grouping } from "./findingGroups";
import classes from "./findings.module.css";

function isGrouping(value: string | null): value is Grouping {
  return GROUPINGS.some((grouping) => grouping.value === value);
}

export function FindingsPage() {
  const [group, setGroup] = useAddressValue("group");
  const { can } = useSession();
  const { asOf } = useScope();
  const actions = useMemo(() => findingActions(can), [can]);
  const grouping = isGrouping(group) ? group : null;
  return (
    <PageFrame
      title="Findings"
      fill
      says="Problems on hosts, containers and images, those that load most first."
    >
      <Explorer
        definition={FINDING_LIST}
        bulk={asOf || actions.length === 0 ? undefined : actions}
        toolbarExtra={
          <div className={classes.groupings}>
            <SegmentedControl
              size="xs"
              aria-label="Group the findings by"
              value={grouping ?? "finding"}
              onChange={(value) => setGroup(value === "finding" ? null : value, ["open", "ordering"])}
              data={[{ value: "finding", label: "Finding" }, ...GROUPINGS]}
            />
          </div>
        }
        instead={grouping ? (query) => <FindingGroups by={grouping} query={query} /> : undefined}
      />
    </PageFrame>
  );
}
