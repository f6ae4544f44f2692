import { Button, Group, Stack } from "@mantine/core";
import { useItem } from "../../api/hooks";
import type { EnrolmentToken } from "../../api/types";
import { labelsText } from "../../ui/labels";
import { Moment } from "../../ui/moment";
import { type Fact, Facts } from "../../ui/page";
import { Loading, ProblemNote } from "../../ui/states";
import { EnrolCommands } from "./enrolCommands";
import classes from "./enrolment.module.css";
import { EnrolledNode, EnrolmentChip } from "./enrolmentState";

/** One token: what it gives, what became of it, and while it is open what to do with it. */
export function EnrolmentDrawer({
  id,
  row,
  onRevoke,
}: {
  id: string;
  row: EnrolmentToken | undefined;
  onRevoke: ((token: EnrolmentToken) => void) | null;
}) {
  const item = useItem<EnrolmentToken>(`/enrolment-tokens/${id}`);
  const token = item.data ?? row;
  if (!token) {
    return item.error ? <ProblemNote problem={item.error} /> : <Loading what="the enrolment token" />;
  }
  return (
    <Stack gap="md">
      <div className={classes.heading}>
        <h1>{token.name}</h1>
        <EnrolmentChip state={token.state} />
      </div>
      {onRevoke && token.state === "open" && (
        <Group>
          <Button variant="default" onClick={() => onRevoke(token)}>
            Revoke
          </Button>
        </Group>
      )}
      <Facts
        facts={[
          ["Node", <EnrolledNode key="node" token={token} />],
          ["Environment", token.environment.name],
          ["Labels of the node", labelsText(token.labels)],
          ["Begins with", <code key="prefix">{token.prefix}…</code>],
          ["Made by", token.created_by?.username ?? "the terminal"],
          ["Made", <Moment key="created" at={token.created_at} />],
          ["Expires", <Moment key="expires" at={token.expires_at} />],
          ...(token.used_at ? [["Used", <Moment key="used" at={token.used_at} />] satisfies Fact] : []),
          ...(token.revoked_at
            ? [["Revoked", <Moment key="revoked" at={token.revoked_at} />] satisfies Fact]
            : []),
        ]}
      />
      {token.state === "open" && (
        <section className={classes.how} aria-labelledby="how-to-enrol">
          <h2 id="how-to-enrol">How a host uses it</h2>
          <EnrolCommands />
        </section>
      )}
    </Stack>
  );
}
