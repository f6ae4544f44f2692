import { Button, Modal, Select, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { useChange, useItem } from "../../api/hooks";
import type { EnrolmentToken, NewEnrolmentToken } from "../../api/types";
import { Chip } from "../../ui/chips";
import { CopyBlock } from "../../ui/copy";
import { DialogFoot } from "../../ui/dialogFoot";
import { readLabels } from "../../ui/labels";
import { Moment } from "../../ui/moment";
import { useEnvironments } from "../../ui/shell/scopeSelect";
import { ProblemNote } from "../../ui/states";
import { EnrolCommands } from "./enrolCommands";
import classes from "./enrolment.module.css";
import { EnrolledNode } from "./enrolmentState";

const LIFETIMES = [
  { value: "900", label: "15 minutes" },
  { value: "3600", label: "an hour" },
  { value: "28800", label: "8 hours" },
  { value: "86400", label: "a day" },
  { value: "604800", label: "a week" },
];

/** What has become of the token while its dialog is open: the host that uses it appears by itself. */
function Progress({ made }: { made: EnrolmentToken }) {
  const item = useItem<EnrolmentToken>(
    `/enrolment-tokens/${made.id}`,
    {},
    { refresh: (token) => (!token || token.state === "open" ? 2000 : false) },
  );
  const token = item.data ?? made;
  return (
    <p className={classes.progress} role="status">
      {token.state === "used" ? (
        <>
          <Chip tone="good">enrolled</Chip>
          <span>
            The host is a node now: <EnrolledNode token={token} />
          </span>
        </>
      ) : token.state === "open" ? (
        <>
          <Chip tone="unknown">waiting</Chip>
          <span>
            No host has used the token yet. It runs out <Moment at={token.expires_at} />.
          </span>
        </>
      ) : (
        `The token is ${token.state}.`
      )}
    </p>
  );
}

/** Makes an enrolment token and shows its text, which nobody can read again, with the commands that use it. */
export function NewEnrolment({ onClose }: { onClose: () => void }) {
  const environments = useEnvironments();
  const [name, setName] = useState("");
  const [environment, setEnvironment] = useState<string | null>(null);
  const [labels, setLabels] = useState("");
  const [seconds, setSeconds] = useState("3600");
  const [made, setMade] = useState<NewEnrolmentToken | null>(null);
  const change = useChange<NewEnrolmentToken>();
  const errors = change.error?.fields ?? {};
  const only = environments.length === 1 ? String(environments[0]?.id) : null;
  useEffect(() => {
    if (only) setEnvironment((chosen) => chosen ?? only);
  }, [only]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      setMade(
        await change.mutateAsync({
          method: "POST",
          path: "/enrolment-tokens",
          body: {
            name: name.trim(),
            environment: Number(environment),
            labels: readLabels(labels),
            expires_in_seconds: Number(seconds),
          },
        }),
      );
      // The answer must not stay in memory beside what this dialog shows.
      change.reset();
    } catch {
      // Shown in the form.
    }
  };
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={made ? `Enrol with ${made.name}` : "Enrol a host"}
      closeOnClickOutside={made === null}
      closeOnEscape={made === null}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {made ? (
        <Stack gap="md">
          <EnrolCommands
            token={
              <>
                <CopyBlock text={made.token} label="Copy the token" />
                <span>
                  <strong>This is the only time that the token is shown.</strong> It is good for one host.
                </span>
              </>
            }
          />
          <DialogFoot apart>
            <Progress made={made} />
            <Button onClick={onClose}>Done</Button>
          </DialogFoot>
        </Stack>
      ) : (
        <form onSubmit={submit}>
          <Stack gap="sm">
            <p className="soft">
              A token with which one host becomes a node by itself, as an agent with its own certificate and
              key.
            </p>
            <TextInput
              label="Name"
              description="What it is for, such as the host's name"
              required
              data-autofocus
              value={name}
              error={errors.name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <div className={classes.pair}>
              <Select
                label="Environment"
                description="Where the host becomes a node"
                required
                data={environments.map((known) => ({ value: String(known.id), label: known.name }))}
                value={environment}
                onChange={setEnvironment}
                error={errors.environment}
                placeholder="choose one"
              />
              <Select
                label="Valid for"
                description="It ends earlier when a host uses it"
                data={LIFETIMES}
                value={seconds}
                onChange={(value) => setSeconds(value ?? "3600")}
                allowDeselect={false}
                error={errors.expires_in_seconds}
              />
            </div>
            <TextInput
              label="Labels of the node"
              description="name=value, separated by commas"
              value={labels}
              error={errors.labels}
              onChange={(event) => setLabels(event.currentTarget.value)}
            />
            {change.error && <ProblemNote problem={change.error} />}
            <DialogFoot>
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button
                type="submit"
                loading={change.isPending}
                disabled={!name.trim() || environment === null}
              >
                Make the token
              </Button>
            </DialogFoot>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
