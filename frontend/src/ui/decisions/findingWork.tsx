import { Button, Group } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import type { FindingActivity } from "../../api/decisions";
import { useSession } from "../../api/session";
import type { FindingDetail } from "../../api/types";
import { useCarry } from "../../url/scope";
import { Moment } from "../moment";
import { useNotices } from "../notices";
import { plural, wordsOf } from "../quantities";
import { ChangeDialog, type ChangeVerb } from "./changeDialog";
import { DecideDialog } from "./decideDialog";
import classes from "./decisions.module.css";
import { useFindingChange } from "./useFindingChange";
import { isDecided, outcomeWord } from "./words";

/** What a person can do with a finding, as its state and their role allow. */
export function FindingWork({ finding }: { finding: FindingDetail }) {
  const { can } = useSession();
  const notices = useNotices();
  const [dialog, setDialog] = useState<ChangeVerb | null>(null);
  const { change, undo } = useFindingChange();
  const { state } = finding;
  const isLive = state !== "resolved" && !isDecided(state);
  if (!can("findings.work")) return null;
  const move = async (verb: "start" | "stop") => {
    try {
      const made = await change.mutateAsync({
        method: "POST",
        path: "/finding-changes",
        body: { verb, ids: [finding.id] },
      });
      notices.done(verb === "start" ? "Work has started." : "Work has stopped.", () => undo(made));
    } catch (error) {
      notices.failed("Its state is as it was", error);
    }
  };
  return (
    <>
      <Group gap="xs">
        {(state === "open" || state === "reopened") && (
          <Button size="xs" loading={change.isPending} onClick={() => void move("start")}>
            Start work
          </Button>
        )}
        {state === "in_progress" && (
          <Button size="xs" variant="default" loading={change.isPending} onClick={() => void move("stop")}>
            Stop work
          </Button>
        )}
        {isLive && state !== "awaiting_approval" && can("decisions.make") && (
          <Button size="xs" variant="default" onClick={() => setDialog("decide")}>
            Decide …
          </Button>
        )}
        <Button size="xs" variant="default" onClick={() => setDialog("assign")}>
          Assign …
        </Button>
        <Button size="xs" variant="default" onClick={() => setDialog("comment")}>
          Comment …
        </Button>
      </Group>
      {dialog === "decide" && <DecideDialog finding={finding} onClose={() => setDialog(null)} />}
      {dialog !== null && dialog !== "decide" && (
        <ChangeDialog
          verb={dialog}
          selection={{ ids: [finding.id] }}
          owner={finding}
          onClose={() => setDialog(null)}
        />
      )}
    </>
  );
}

/** What hides the finding, by whom and until when. */
export function DecisionNote({ finding }: { finding: FindingDetail }) {
  const to = useCarry();
  const { decision } = finding;
  if (!decision) return null;
  return (
    <section className={classes.preview} aria-label="Decision">
      <p>
        <strong>
          <Link to={to("/decisions", { open: String(decision.id), state: "" })}>
            {outcomeWord(decision.outcome)}
          </Link>
        </strong>
        : {decision.reason}
        {decision.by && `, by ${decision.by}`}, since <Moment at={decision.since} />
        {decision.expires_at && (
          <>
            , until <Moment at={decision.expires_at} />
          </>
        )}
        .
      </p>
      {decision.note && <p className={classes.quote}>{decision.note}</p>}
    </section>
  );
}

/** What people did about it and what decisions did to it, newest first. */
export function Activity({ rows }: { rows: FindingActivity[] }) {
  if (rows.length === 0) return <p className="soft">Nobody has done anything about it yet.</p>;
  return (
    <ul className={classes.timeline}>
      {rows.map((row) => (
        <li key={`${row.at} ${row.verb}`} className={row.undone_at ? classes.undone : undefined}>
          <span className="soft">
            <Moment at={row.at} /> · {row.who ?? "Plimsoll"}
            {row.findings > 1 && ` · with ${plural(row.findings - 1, "other", "others")}`}
            {row.undone_at && " · undone"}
          </span>
          <div className={classes.quote}>{activityText(row)}</div>
        </li>
      ))}
    </ul>
  );
}

export function activityText({ verb, details }: FindingActivity): string {
  const said = (name: string) => (typeof details[name] === "string" ? String(details[name]) : "");
  switch (verb) {
    case "start":
      return "started work on it";
    case "stop":
      return "stopped work on it";
    case "comment":
      return said("text");
    case "assign": {
      const owners = [said("team") && `team ${said("team")}`, said("assignee")].filter(Boolean);
      return owners.length > 0 ? `gave it to ${owners.join(", ")}` : "took its owner away";
    }
    case "decide":
      return `decided: ${wordsOf(said("outcome"))}`;
    case "hidden":
      return `hidden: ${wordsOf(said("outcome"))}, ${wordsOf(said("reason"))}`;
    case "shown":
      return `shown again: ${said("why")}`;
  }
}
