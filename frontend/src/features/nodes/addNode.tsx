import { Button, Group, Modal, Stack, Stepper, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router";
import { request } from "../../api/client";
import { useChange } from "../../api/hooks";
import { asProblem, type Problem } from "../../api/problem";
import type { ConnectionTest, Node, Pull } from "../../api/types";
import { useNotices } from "../../ui/notices";
import { useEnvironments } from "../../ui/shell/scopeSelect";
import { ProblemNote } from "../../ui/states";
import { ConnectionReport } from "./connectionReport";
import { CredentialInputs } from "./credentialInputs";
import {
  addressProblem,
  credentialBody,
  credentialProblem,
  type Draft,
  EMPTY_DRAFT,
  nodeBody,
  schemeOf,
} from "./draft";
import classes from "./nodes.module.css";
import { SettingsInputs } from "./settingsInputs";

const EXAMPLES = [
  ["unix:///var/run/docker.sock", "this server's own engine"],
  ["tcp://host:2376", "an engine over the network, with certificates"],
  ["ssh://user@host", "an engine over SSH, with a key"],
];

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

/** Registers a node in three steps: where it is, how to get in (tested before it is stored), how to pull it. */
export function AddNode({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const notices = useNotices();
  const environments = useEnvironments();
  const [step, setStep] = useState(0);
  const [draft, setDraft] = useState<Draft>(EMPTY_DRAFT);
  const [tried, setTried] = useState(false);
  const [test, setTest] = useState<ConnectionTest | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [testing, setTesting] = useState(false);
  const register = useChange<Node>(["/pulls", "/freshness"]);
  const errors = register.error?.fields ?? {};

  const change = (part: Partial<Draft>) => {
    setDraft((before) => ({ ...before, ...part }));
    // A result belongs to exactly what was tested.
    if ("credential" in part || "allowPlaintext" in part || "hostKey" in part) setTest(null);
  };
  const address = addressProblem(draft.address);
  const missing = credentialProblem(draft);

  const runTest = async () => {
    setTesting(true);
    setProblem(null);
    setTest(null);
    try {
      const answer = await request<ConnectionTest>("POST", "/nodes/test", {
        body: {
          address: draft.address.trim(),
          credential: credentialBody(draft),
          allow_plaintext: draft.allowPlaintext,
        },
      });
      setTest(answer);
      if (answer.ok && answer.report && draft.name === "") change({ name: answer.report.name });
    } catch (error) {
      setProblem(asProblem(error));
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
    } catch {
      // Shown in the form.
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
            <Stepper.Step label="Address" />
            <Stepper.Step label="Credential" />
            <Stepper.Step label="Schedule" />
          </Stepper>
          {step === 0 && (
            <>
              <TextInput
                label="Address of the engine"
                description="Docker, or Podman with its Docker-compatible socket"
                placeholder="tcp://host:2376"
                required
                data-autofocus
                autoComplete="off"
                spellCheck={false}
                value={draft.address}
                error={tried ? address : undefined}
                onChange={(event) => {
                  setTest(null);
                  change({ address: event.currentTarget.value, hostKey: null, hostKeyConfirmed: false });
                }}
              />
              <ul className={classes.examples}>
                {EXAMPLES.map(([example, meaning]) => (
                  <li key={example}>
                    <code>{example}</code> <span className="soft">{meaning}</span>
                  </li>
                ))}
              </ul>
            </>
          )}
          {step === 1 && (
            <>
              <p className="soft">
                <code>{draft.address.trim()}</code>
              </p>
              <CredentialInputs draft={draft} errors={problem?.fields ?? {}} onChange={change} />
              {test && <ConnectionReport test={test} />}
              {problem && <ProblemNote problem={problem} />}
              {missing && <p className="soft">{missing}</p>}
            </>
          )}
          {step === 2 && (
            <>
              {test && <ConnectionReport test={test} />}
              <SettingsInputs draft={draft} errors={errors} onChange={change} />
              {register.error && <ProblemNote problem={register.error} />}
            </>
          )}
          <Group justify="space-between" gap="xs">
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
          </Group>
          {step === 0 && schemeOf(draft.address) === "tcp" && (
            <p className="soft">
              An engine that listens without TLS hands root to everyone who reaches its port.
            </p>
          )}
        </Stack>
      </form>
    </Modal>
  );
}
