import { Button, Group, Modal, Stack } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { request } from "../../api/client";
import type { GatePolicy, GateRules, TrialAnswer } from "../../api/gate";
import { useChange } from "../../api/hooks";
import { asProblem, type Problem } from "../../api/problem";
import type { EnvironmentRef } from "../../api/types";
import { DialogFoot } from "../../ui/dialogFoot";
import { useNotices } from "../../ui/notices";
import { ProblemNote } from "../../ui/states";
import { draftOf, rulesOf } from "./draft";
import { RuleInputs } from "./ruleInputs";
import { TrialResult } from "./trial";

const TRIED_IMAGES = 200;

/**
 * The policy of an environment, or with `environment` null for every one without its own: set by those who may, and
 * tried by everybody before it holds.
 */
export function PolicyForm({
  environment,
  rules,
  maySet,
  onClose,
}: {
  environment: EnvironmentRef | null;
  rules: GateRules;
  maySet: boolean;
  onClose: () => void;
}) {
  const notices = useNotices();
  const [draft, setDraft] = useState(() => draftOf(rules));
  const [tried, setTried] = useState<{ rules: string; answer: TrialAnswer } | null>(null);
  const [trying, setTrying] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const change = useChange<GatePolicy>();
  const refused = change.error ?? problem;
  const of = environment ? environment.name : "every environment without its own";
  const asked = JSON.stringify(rulesOf(draft));

  const tryIt = async () => {
    setTrying(true);
    setProblem(null);
    change.reset();
    try {
      const answer = await request<TrialAnswer>("POST", "/gate-policies/trial", {
        body: { ...rulesOf(draft), environment: environment?.slug ?? "", images: TRIED_IMAGES },
      });
      setTried({ rules: asked, answer });
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setTrying(false);
    }
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!maySet) return tryIt();
    setProblem(null);
    try {
      await change.mutateAsync({
        method: "POST",
        path: "/gate-policies",
        body: { ...rulesOf(draft), environment: environment?.slug ?? null },
      });
      notices.done(`The gate goes by this policy for ${of} from now on.`);
      onClose();
    } catch {
      // Shown in the form.
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={maySet ? `Policy for ${of}` : `Try a policy for ${of}`}
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={submit}>
        <Stack gap="md">
          <RuleInputs
            draft={draft}
            errors={refused?.fields ?? {}}
            onChange={(part) => setDraft((before) => ({ ...before, ...part }))}
          />
          {tried && <TrialResult answer={tried.answer} stale={tried.rules !== asked} />}
          {refused && <ProblemNote problem={refused} />}
          <DialogFoot apart>
            <Button variant={maySet ? "default" : undefined} loading={trying} onClick={() => void tryIt()}>
              Try it on the last {TRIED_IMAGES} images
            </Button>
            <Group gap="xs">
              <Button variant="default" onClick={onClose}>
                {maySet ? "Cancel" : "Close"}
              </Button>
              {maySet && (
                <Button type="submit" loading={change.isPending}>
                  Save
                </Button>
              )}
            </Group>
          </DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
