import { Button } from "@mantine/core";
import { Link, useNavigate, useParams } from "react-router";
import { useChange, useItem } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { Pull, PullDetail } from "../../api/types";
import { PullChip, pullIsLive } from "../../ui/chips";
import { countOf, triggerText } from "../../ui/lists/pulls";
import { Moment } from "../../ui/moment";
import { useNotices } from "../../ui/notices";
import { Facts, PageFrame, Panel, pageClasses } from "../../ui/page";
import { SkippedPanel } from "../../ui/panels/skipped";
import { absoluteText, bytesText, durationText, wordsOf } from "../../ui/quantities";
import { ProblemNote } from "../../ui/states";
import { UnreadPage } from "../../ui/unreadPage";
import { useCarry } from "../../url/scope";
import { PullError, PullLog, PullProgress, PullSteps } from "./pullParts";
import classes from "./pulls.module.css";

const COUNTS = ["hosts", "containers", "images", "results", "opened", "resolved", "unchanged", "skipped"];

export function PullPage() {
  const { id = "" } = useParams();
  const { can } = useSession();
  const to = useCarry();
  const navigate = useNavigate();
  const notices = useNotices();
  const change = useChange<Pull>(["/nodes"]);
  const item = useItem<PullDetail>(
    `/pulls/${id}`,
    {},
    { refresh: (pull) => (pull && pullIsLive(pull.state) ? 1000 : false) },
  );
  const pull = item.data;
  const crumbs = [{ label: "Pulls", path: "/pulls" }];
  if (!pull) {
    return <UnreadPage title={`Pull ${id}`} crumbs={crumbs} what="the pull" item={item} />;
  }
  const live = pullIsLive(pull.state);
  const act = async (verb: "cancel" | "retry") => {
    try {
      const answer = await change.mutateAsync({ method: "POST", path: `/pulls/${id}/${verb}` });
      if (verb === "retry") navigate(to(`/pulls/${answer.id}`));
      else notices.done("The pull stops at its next safe point; nothing half-read is stored.");
    } catch (error) {
      notices.failed(
        verb === "cancel" ? "The pull was not cancelled" : "The pull was not started again",
        error,
      );
    }
  };
  return (
    <PageFrame
      title={`Pull ${pull.id} of ${pull.node.name}`}
      crumbs={crumbs}
      heading={
        <div className={classes.heading}>
          <h1>
            Pull of <Link to={to(`/nodes/${pull.node.id}`)}>{pull.node.name}</Link>
          </h1>
          <span aria-live="polite">
            <PullChip state={pull.state} />
          </span>
        </div>
      }
      says={
        <>
          Queued <Moment at={pull.queued_at} />, started by {triggerText(pull.trigger)}, attempt{" "}
          {pull.attempt}
          {pull.duration_seconds !== null && `, took ${durationText(pull.duration_seconds)}`}
        </>
      }
      actions={
        can("pulls.control") && (
          <>
            {live && (
              <Button variant="default" disabled={pull.cancel_requested} onClick={() => act("cancel")}>
                {pull.cancel_requested ? "Cancelling …" : "Cancel"}
              </Button>
            )}
            {!live && (
              <Button loading={change.isPending} onClick={() => act("retry")}>
                Pull again
              </Button>
            )}
          </>
        )
      }
    >
      {item.error && <ProblemNote problem={item.error} retry={() => void item.refetch()} />}
      {pull.error && <PullError error={pull.error} />}
      <div className={pageClasses.grid}>
        <Panel title="Steps">
          <PullSteps pull={pull} />
          <PullProgress pull={pull} />
        </Panel>
        <Panel title="What it found">
          <Facts
            facts={[
              ...COUNTS.map((name) => [wordsOf(name), countOf(pull, name)] as [string, string]),
              ["Read", bytesText(pull.bytes_read)],
              ["Worker", pull.worker],
              ["Heartbeat", <Moment key="heartbeat" at={pull.heartbeat_at} />],
              ["Started", pull.started_at ? absoluteText(pull.started_at) : null],
              ["Finished", pull.finished_at ? absoluteText(pull.finished_at) : null],
            ]}
          />
        </Panel>
      </div>
      <SkippedPanel items={pull.skipped} total={pull.skipped_total} />
      <Panel title="Log">
        <PullLog log={pull.log} />
      </Panel>
    </PageFrame>
  );
}
