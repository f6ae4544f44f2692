import { Button, Group, Modal, SegmentedControl, Select, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useChange } from "../../api/hooks";
import type { Token } from "../../api/types";
import { CopyButton } from "../../ui/copy";
import { ProblemNote } from "../../ui/states";
import classes from "./tokens.module.css";

const EXPIRIES = [
  { value: "30", label: "in 30 days" },
  { value: "90", label: "in 90 days" },
  { value: "365", label: "in a year" },
  { value: "never", label: "never" },
];

export function expiryMoment(days: string, now: number): string | null {
  return days === "never" ? null : `${new Date(now + Number(days) * 86_400_000).toISOString().slice(0, 19)}Z`;
}

/** Creates a token and shows its text, which nobody can read again, until the person closes the dialog. */
export function NewToken({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [name, setName] = useState("");
  const [scope, setScope] = useState("read");
  const [days, setDays] = useState<string | null>("90");
  const [text, setText] = useState<string | null>(null);
  const change = useChange<Token & { token: string }>();
  const close = () => {
    setText(null);
    setName("");
    change.reset();
    onClose();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const made = await change.mutateAsync({
        method: "POST",
        path: "/tokens",
        body: { name, scope, expires_at: expiryMoment(days ?? "90", Date.now()) },
      });
      setText(made.token);
      // The answer must not stay in memory beside what this dialog shows.
      change.reset();
    } catch {
      // Shown in the form.
    }
  };
  return (
    <Modal
      opened={opened}
      onClose={close}
      title={text ? "Copy the token now" : "New token"}
      closeOnClickOutside={text === null}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {text ? (
        <Stack gap="sm">
          <p>This is the only time that it is shown. Keep it like a password.</p>
          <code className={classes.token}>{text}</code>
          <Group gap="xs">
            <CopyButton text={text} label="Copy the token" />
            <Button onClick={close}>I have kept it</Button>
          </Group>
        </Stack>
      ) : (
        <form onSubmit={submit}>
          <Stack gap="sm">
            <TextInput
              label="Name"
              description="Who or what uses it"
              required
              data-autofocus
              value={name}
              error={change.error?.fields.name}
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <div>
              <span id="token-scope">It may</span>
              <SegmentedControl
                fullWidth
                aria-labelledby="token-scope"
                value={scope}
                onChange={setScope}
                data={[
                  { value: "read", label: "read" },
                  { value: "write", label: "read and write" },
                ]}
              />
            </div>
            <Select
              label="It expires"
              data={EXPIRIES}
              value={days}
              onChange={setDays}
              allowDeselect={false}
            />
            {change.error && <ProblemNote problem={change.error} />}
            <Group justify="flex-end" gap="xs">
              <Button variant="default" onClick={close}>
                Cancel
              </Button>
              <Button type="submit" loading={change.isPending} disabled={!name.trim()}>
                Create
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
