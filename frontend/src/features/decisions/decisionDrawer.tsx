import { Button, Group, Stack, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import type { Decision } from "../../api/decisions";
import { useChange, useItem } from "../../api/hooks";
import { useSession } from "../../api/session";
import { AssetLink } from "../../ui/assetLink";
import { inDays } from "../../ui/decisions/termsInputs";
import { outcomeWord, scopeWords, wireWords } from "../../ui/decisions/words";
import { Moment } from "../../ui/moment";
import { useNotices } from "../../ui/notices";
import { Facts } from "../../ui/page";
import panels from "../../ui/panels/panels.module.css";
import { countText, plural } from "../../ui/quantities";
import { Loading, ProblemNote } from "../../ui/states";
import { useCarry, useScope } from "../../url/scope";
import { DecisionStateChip } from "./decisionsPage";

/** One decision: what it is about, why, what it hides now, and what to do with it. */
export function DecisionDrawer({ id, row }: { id: string; row: Decision | undefined }) {
  const to = useCarry();
  const { asOf } = useScope();
  const item = useItem<Decision>(`/decisions/${id}`, { as_of: asOf });
  const decision = item.data ?? row;
  if (!decision) return item.error ? <ProblemNote problem={item.error} /> : <Loading what="the decision" />;
  const wires = wireWords(decision);
  return (
    <Stack gap="lg">
      <div className={panels.block}>
        <div className={panels.title}>
          <h1>
            {outcomeWord(decision.outcome)}: {decision.problem}
          </h1>
        </div>
        <ul className={panels.chips}>
          <li>
            <DecisionStateChip state={decision.state} />
          </li>
          {decision.vulnerability?.is_exploited && <li className={panels.chip}>known to be exploited</li>}
          {decision.is_stale && <li className={panels.chip}>hides nothing</li>}
        </ul>
      </div>
      <Facts
        facts={[
          [
            "Hides",
            <Link key="hides" to={to("/findings", { hidden: "only", ...problemFilter(decision) })}>
              {countText(decision.hides)} {decision.hides.value === 1 ? "finding" : "findings"}
            </Link>,
          ],
          ["Where", scopeWords(decision).join(" · ") || "everywhere"],
          ["On", decision.asset && <AssetLink key="asset" asset={decision.asset} />],
          ["Reason", decision.reason_label],
          [
            "Link",
            decision.link ? (
              <a key="link" href={decision.link} rel="noreferrer noopener" target="_blank">
                {decision.link}
              </a>
            ) : null,
          ],
          ["By", decision.created_by],
          ["Made", <Moment key="made" at={decision.created_at} />],
          ["Agreed by", decision.approved_by],
          ["In force since", <Moment key="since" at={decision.active_from} never="not yet" />],
          ["Until", <Moment key="until" at={decision.expires_at} never="no date" />],
          ["Tripwires", wires.length > 0 ? wires.join("; ") : "none"],
          ...(decision.suspended_at && decision.state !== "suspended"
            ? ([
                ["Was suspended", <Moment key="suspended" at={decision.suspended_at} />],
                ["It was suspended because", decision.suspended_because],
              ] as [string, React.ReactNode][])
            : []),
          ...(decision.ended_at
            ? ([
                ["Ended", <Moment key="ended" at={decision.ended_at} />],
                ["Because", decision.ended_because],
              ] as [string, React.ReactNode][])
            : []),
        ]}
      />
      {decision.note && (
        <section className={panels.block}>
          <h2>Note</h2>
          <p className={panels.prose}>{decision.note}</p>
        </section>
      )}
      {!asOf && <DecisionActions decision={decision} />}
    </Stack>
  );
}

/** The filter of findings that asks for the same problem. */
function problemFilter(decision: Decision): Record<string, string> {
  if (decision.vulnerability) return { vulnerability: decision.vulnerability.key };
  if (decision.check) return { check: decision.check };
  return { kind: decision.finding_kind };
}

function DecisionActions({ decision }: { decision: Decision }) {
  const { can, me } = useSession();
  const notices = useNotices();
  const [why, setWhy] = useState("");
  const [until, setUntil] = useState(inDays(90));
  const change = useChange<Decision>(["/findings", "/hosts", "/images", "/containers", "/vulnerabilities"]);
  if (!can("decisions.make")) return null;
  const { state } = decision;
  const act = async (verb: string, body: object, said: (made: Decision) => string) => {
    try {
      const made = await change.mutateAsync({
        method: "POST",
        path: `/decisions/${decision.id}/${verb}`,
        body,
      });
      notices.done(said(made));
    } catch (error) {
      notices.failed("The decision is as it was", error);
    }
  };
  const isMine = decision.created_by === me.username;
  const isOver = state === "withdrawn" || state === "rejected";
  if (isOver) return null;
  return (
    <section className={panels.block} aria-label="Actions">
      {state === "awaiting_approval" && (
        <>
          <h2>A second person has to agree</h2>
          {isMine ? (
            <p className="soft">You proposed it: somebody else has to agree.</p>
          ) : (
            <Group gap="xs">
              <Button
                loading={change.isPending}
                onClick={() =>
                  void act(
                    "approve",
                    {},
                    (made) => `It is in force and hides ${plural(made.hides.value, "finding", "findings")}.`,
                  )
                }
              >
                Agree
              </Button>
              <Button
                variant="default"
                disabled={change.isPending}
                onClick={() => void act("reject", { why }, () => "It was rejected.")}
              >
                Reject
              </Button>
            </Group>
          )}
        </>
      )}
      {(state === "active" || state === "suspended" || state === "expired") && (
        <>
          <h2>Renew</h2>
          <Group gap="xs" align="end">
            <TextInput
              type="date"
              label="Until"
              value={until}
              onChange={(event) => setUntil(event.currentTarget.value)}
            />
            <Button
              variant="default"
              loading={change.isPending}
              onClick={() =>
                void act("renew", { expires_at: until ? `${until}T23:59:59Z` : null }, (made) =>
                  made.state === "awaiting_approval"
                    ? "The new decision waits for a second person."
                    : `A new decision hides ${plural(made.hides.value, "finding", "findings")}.`,
                )
              }
            >
              Decide the same again
            </Button>
          </Group>
        </>
      )}
      {state !== "expired" && (
        <>
          <h2>Take back</h2>
          <Textarea
            label="Why"
            autosize
            minRows={1}
            value={why}
            onChange={(event) => setWhy(event.currentTarget.value)}
          />
          <Group>
            <Button
              variant="default"
              disabled={change.isPending}
              onClick={() =>
                void act("withdraw", { why }, () => "It was taken back: what it hid is shown again.")
              }
            >
              Take it back
            </Button>
          </Group>
        </>
      )}
    </section>
  );
}
