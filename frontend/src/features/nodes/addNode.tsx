import { Button, Group, Modal, Stack, Stepper } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router";
import { request } from "../../api/client";
import { useChange } from "../../api/hooks";
import { asProblem, type Problem } from "../../api/problem";
import type { ConnectionTest, Node, NodeKind, Pull } from "../../api/types";
import { DialogFoot } from "../../ui/dialogFoot";
import { useNotices } from "../../ui/notices";
import { useEnvironments } from "../../ui/shell/scopeSelect";
import { ProblemNote } from "../../ui/states";
import { ConnectionReport } from "./connectionReport";
import { CredentialInputs } from "./credentialInputs";
import {
  addressOf,
  addressProblem,
  credentialProblem,
  type Draft,
  EMPTY_DRAFT,
  nodeBody,
  testBody,
} from "./draft";
import classes from "./nodes.module.css";
import { SettingsInputs } from "./settingsInputs";
import { STEPS, stepOf } from "./steps";
import { TargetInputs } from "./targetInputs";

/** The page of a new node's first pull, asked for now rather than waited for; the node's own page if it cannot start. */
async function firstPull(node: Node): Promise<string> {
  if (node.last_pull) return `/pulls/${node.last_pull.id}`;
  try {
    const pull = await request<Pull>("POST", `/nodes/${node.id}/pull`);
    return `/pulls/${pull.id}`;
  } catch {
    // The node is registered all the same, and its page says what became of its pulls.
    return `/nodes/${node.id}`;
  }
}

// What is changed without any effect on the connection; for all else the last test says nothing.
const SETTINGS = new Set([
  "name",
  "environment",
  "labels",
  "intervalSeconds",
  "limitSeconds",
  "limitMegabytes",
  "limitItems",
]);

/** Registers a node in three steps: what it is, how to get in (tested before it is stored), how to pull it. */
export function AddNode({ kind = "docker", onClose }: { kind?: NodeKind; onClose: () => void }) {
  const navigate = useNavigate();
  const notices = useNotices();
  const environments = useEnvironments();
  const [step, setStep] = useState(0);
  const [draft, setDraft] = useState<Draft>({ ...EMPTY_DRAFT, kind });
  const [tried, setTried] = useState(false);
  const [test, setTest] = useState<ConnectionTest | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [testing, setTesting] = useState(false);
  const register = useChange<Node>(["/pulls", "/freshness"]);
  const refused = register.error ?? problem;
  const errors = refused?.fields ?? {};

  const change = (part: Partial<Draft>) => {
    setDraft((before) => ({ ...before, ...part }));
    if (Object.keys(part).every((name) => SETTINGS.has(name))) return;
    setTest(null);
    setProblem(null);
    register.reset();
  };
  const address = addressProblem(draft);
  const missing = credentialProblem(draft);

  const runTest = async () => {
    setTesting(true);
    setProblem(null);
    setTest(null);
    register.reset();
    try {
      const answer = await request<ConnectionTest>("POST", "/nodes/test", { body: testBody(draft) });
      setTest(answer);
      if (answer.ok && answer.report && draft.name === "") change({ name: answer.report.name });
    } catch (error) {
      const said = asProblem(error);
      setProblem(said);
      if (stepOf(said.fields) === 0) setStep(0);
    } finally {
      setTesting(false);
    }
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (step === 0) {
      setTried(true);
      if (address) return;
      setStep(1);
      if (draft.environment === null && environments.length === 1) {
        change({ environment: String(environments[0]?.id) });
      }
      return;
    }
    if (step === 1) {
      if (test?.ok) setStep(2);
      else await runTest();
      return;
    }
    try {
      const node = await register.mutateAsync({ method: "POST", path: "/nodes", body: nodeBody(draft) });
      notices.done(`${node.name} is registered.`);
      onClose();
      navigate(await firstPull(node));
    } catch (error) {
      // Shown in the form, at the step that asks for what was not accepted.
      setStep(stepOf(asProblem(error).fields));
    }
  };

  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title="Add a node"
      closeOnClickOutside={false}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <form onSubmit={submit} noValidate>
        <Stack gap="md">
          <Stepper active={step} onStepClick={(next) => next < step && setStep(next)} size="xs" iconSize={26}>
            {STEPS.map((label, index) => (
              <Stepper.Step
                key={label}
                label={<span className={index === step ? undefined : classes.otherStep}>{label}</span>}
              />
            ))}
          </Stepper>
          {step === 0 && (
            <TargetInputs
              draft={draft}
              errors={tried && address ? { ...errors, address } : errors}
              onChange={change}
            />
          )}
          {step === 1 && (
            <>
              <p className="soft">
                <code>{addressOf(draft)}</code>
              </p>
              <CredentialInputs draft={draft} errors={errors} onChange={change} />
              {test && <ConnectionReport test={test} kind={draft.kind} />}
              {missing && <p className="soft">{missing}</p>}
            </>
          )}
          {step === 2 && (
            <>
              {test && <ConnectionReport test={test} kind={draft.kind} brief />}
              <SettingsInputs draft={draft} errors={errors} onChange={change} />
            </>
          )}
          {refused && <ProblemNote problem={refused} />}
          <DialogFoot apart>
            <Button variant="default" onClick={() => (step === 0 ? onClose() : setStep(step - 1))}>
              {step === 0 ? "Cancel" : "Back"}
            </Button>
            <Group gap="xs">
              {step === 1 && (
                <>
                  {test !== null && !test.ok && (
                    <Button variant="default" disabled={missing !== null} onClick={() => setStep(2)}>
                      Go on without a connection
                    </Button>
                  )}
                  {test !== null && (
                    <Button variant="default" loading={testing} onClick={runTest}>
                      Test again
                    </Button>
                  )}
                </>
              )}
              {step === 1 && !test?.ok ? (
                test === null && (
                  <Button type="submit" loading={testing} disabled={missing !== null}>
                    Test connection
                  </Button>
                )
              ) : (
                <Button
                  type="submit"
                  loading={register.isPending}
                  disabled={step === 2 && (draft.name.trim() === "" || draft.environment === null)}
                >
                  {step === 2 ? "Register and pull" : "Next"}
                </Button>
              )}
            </Group>
          </DialogFoot>
        </Stack>
      </form>
    </Modal>
  );
}
