import { Button, Modal, Stack, Textarea } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { ChangePreview, FindingChange } from "../../api/decisions";
import { useChange } from "../../api/hooks";
import { useMechanisms } from "../defences/mechanisms";
import { DialogFoot } from "../dialogFoot";
import { useNotices } from "../notices";
import { plural, wholeText, wordsOf } from "../quantities";
import { SeverityTally } from "../severity";
import { ProblemNote } from "../states";
import classes from "./decisions.module.css";
import { NOBODY, OwnerInputs } from "./ownerInputs";
import { newTerms, TermsInputs, termsOf } from "./termsInputs";
import { useFindingChange } from "./useFindingChange";

export type ChangeVerb = "start" | "stop" | "assign" | "comment" | "decide";

/** Findings by id, or all that match the filters of a list. */
export type Selection = { ids: number[] } | { filters: Record<string, string> };

const TITLES: Record<ChangeVerb, string> = {
  start: "Start work",
  stop: "Stop work",
  assign: "Assign",
  comment: "Comment",
  decide: "Decide",
};

/** Does something with findings, one or many: says what it would touch, does it, and offers to undo it. */
export function ChangeDialog({
  verb,
  selection,
  owner,
  onClose,
}: {
  verb: ChangeVerb;
  selection: Selection;
  owner?: { team: string | null; assignee: string | null };
  onClose: (done: boolean) => void;
}) {
  const notices = useNotices();
  const [text, setText] = useState("");
  const [team, setTeam] = useState(owner?.team ?? NOBODY);
  const [person, setPerson] = useState(owner?.assignee ?? NOBODY);
  const [terms, setTerms] = useState(newTerms());
  const hosts = useMechanisms("host");
  const preview = useChange<ChangePreview>();
  const { change, undo } = useFindingChange();
  const fields = { ...preview.error?.fields, ...change.error?.fields };
  const body = () => ({
    verb,
    ...selection,
    ...(verb === "comment" ? { text } : {}),
    ...(verb === "assign" ? { team: team || null, assignee: person || null } : {}),
    ...(verb === "decide" ? { terms: termsOf(terms) } : {}),
  });
  const look = async (event: FormEvent) => {
    event.preventDefault();
    change.reset();
    await preview
      .mutateAsync({ method: "POST", path: "/finding-changes", body: { ...body(), preview: true } })
      .catch(() => undefined);
  };
  const act = async () => {
    try {
      const made: FindingChange = await change.mutateAsync({
        method: "POST",
        path: "/finding-changes",
        body: body(),
      });
      const what = `${TITLES[verb]}: ${plural(made.findings, "finding", "findings")}.`;
      notices.done(what, verb === "comment" ? undefined : () => undo(made));
      onClose(true);
    } catch {
      // Shown in the form.
    }
  };
  const told = preview.data;
  const problem = change.error ?? preview.error;
  return (
    <Modal
      opened
      onClose={() => onClose(false)}
      size={verb === "decide" ? "lg" : "md"}
      title={TITLES[verb]}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={look}>
        <Stack gap="sm">
          {verb === "comment" && (
            <Textarea
              label="Comment"
              required
              data-autofocus
              autosize
              minRows={3}
              value={text}
              error={fields.text}
              onChange={(event) => setText(event.currentTarget.value)}
            />
          )}
          {verb === "assign" && (
            <OwnerInputs team={team} person={person} onTeam={setTeam} onPerson={setPerson} fields={fields} />
          )}
          {verb === "decide" && (
            <TermsInputs
              draft={terms}
              onChange={(draft) => {
                setTerms(draft);
                preview.reset();
              }}
              mechanisms={(hosts.mechanisms ?? []).map((one) => ({ value: one.id, label: one.title }))}
              fields={fields}
            />
          )}
          {told && (
            <section className={classes.preview} aria-label="What it would touch">
              <p>
                It touches <strong>{plural(told.findings, "finding", "findings")}</strong> on{" "}
                {plural(told.assets, "asset", "assets")}
                {told.decisions !== null && `, by ${plural(told.decisions, "decision", "decisions")}`}.
              </p>
              <SeverityTally counts={told.by_severity} />
              {verb === "decide" && told.exploited > 0 && (
                <p className={classes.warning} role="alert">
                  {plural(told.exploited, "finding is", "findings are")} of a vulnerability that is known to
                  be exploited (CISA KEV).
                </p>
              )}
              {Object.entries(told.left_alone).map(([state, number]) => (
                <p key={state} className="soft">
                  {wholeText(number)} {wordsOf(state)} {number === 1 ? "is" : "are"} left alone.
                </p>
              ))}
            </section>
          )}
          {problem && <ProblemNote problem={problem} />}
          <DialogFoot>
            <Button variant="default" onClick={() => onClose(false)}>
              Cancel
            </Button>
            {told ? (
              <Button loading={change.isPending} disabled={told.findings === 0} onClick={() => void act()}>
                {TITLES[verb]}
              </Button>
            ) : (
              <Button type="submit" loading={preview.isPending}>
                Show what it would touch
              </Button>
            )}
          </DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
