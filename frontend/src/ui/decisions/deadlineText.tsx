import type { Finding } from "../../api/types";
import { Chip } from "../chips";
import { Moment } from "../moment";

/** When a finding is due, and whether it is late. */
export function DeadlineText({ deadline }: { deadline: Finding["deadline"] }) {
  if (!deadline) return <span className="soft">–</span>;
  if (deadline.state === "overdue") {
    return (
      <Chip tone="bad">
        overdue <Moment at={deadline.at} />
      </Chip>
    );
  }
  if (deadline.state === "missed") return <Chip tone="warn">resolved late</Chip>;
  if (deadline.state === "met") return <Chip tone="good">in time</Chip>;
  return <Moment at={deadline.at} />;
}
