import { Button, Group, Modal, NumberInput, Select, Stack } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import type { Deadline } from "../../api/decisions";
import { useChange, useItem } from "../../api/hooks";
import type { Environment, Severity } from "../../api/types";
import { DialogFoot } from "../../ui/dialogFoot";
import { useNotices } from "../../ui/notices";
import { Loading, ProblemNote } from "../../ui/states";

const SEVERITIES: Severity[] = ["critical", "high", "medium", "low", "info"];

/** What many teams begin with: the exploited first, then by severity. */
const USUAL: Deadline[] = [
  { severity: "critical", exposed: null, exploited: true, days: 3, starts: "exploited" },
  { severity: "high", exposed: null, exploited: true, days: 7, starts: "exploited" },
  { severity: "critical", exposed: true, exploited: null, days: 7, starts: "opened" },
  { severity: "critical", exposed: null, exploited: null, days: 15, starts: "opened" },
  { severity: "high", exposed: null, exploited: null, days: 30, starts: "opened" },
  { severity: "medium", exposed: null, exploited: null, days: 90, starts: "opened" },
];

const TERNARY = (yes: string, no: string) => [
  { value: "", label: "any" },
  { value: "true", label: yes },
  { value: "false", label: no },
];

function flagOf(value: string | null): boolean | null {
  return value === "true" ? true : value === "false" ? false : null;
}

interface Row extends Deadline {
  key: number;
}

export function DeadlinesForm({ environment, onClose }: { environment: Environment; onClose: () => void }) {
  const notices = useNotices();
  const path = `/environments/${environment.id}/deadlines`;
  const item = useItem<{ deadlines: Deadline[] }>(path);
  const [rows, setRows] = useState<Row[] | null>(null);
  const change = useChange<{ deadlines: Deadline[] }>(["/findings"]);
  useEffect(() => {
    if (rows === null && item.data) setRows(item.data.deadlines.map((row, key) => ({ ...row, key })));
  }, [item.data, rows]);
  const put = (key: number, part: Partial<Deadline>) =>
    setRows((all) => all?.map((row) => (row.key === key ? { ...row, ...part } : row)) ?? null);
  const add = (more: Deadline[]) =>
    setRows((all) => {
      const next = Math.max(-1, ...(all ?? []).map((row) => row.key)) + 1;
      return [...(all ?? []), ...more.map((row, index) => ({ ...row, key: next + index }))];
    });
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const deadlines = (rows ?? []).map(({ key: _, ...row }) => row);
      await change.mutateAsync({ method: "PUT", path, body: { deadlines } });
      notices.done(`The deadlines of ${environment.name} hold from now on.`);
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
      title={`Deadlines of ${environment.name}`}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {rows === null ? (
        <Loading what="the deadlines" rows={3} />
      ) : (
        <form onSubmit={submit}>
          <Stack gap="sm">
            {rows.length === 0 && (
              <p className="soft">
                There is no deadline: nothing here is ever overdue. The usual ones are a start to change.
              </p>
            )}
            {rows.map((row, index) => (
              <Group key={row.key} gap="xs" align="end" wrap="wrap">
                <Select
                  label="Severity"
                  w={110}
                  data={SEVERITIES}
                  value={row.severity}
                  allowDeselect={false}
                  onChange={(value) => put(row.key, { severity: (value ?? "critical") as Severity })}
                />
                <Select
                  label="Exploited"
                  w={110}
                  data={TERNARY("yes", "no")}
                  value={row.exploited === null ? "" : String(row.exploited)}
                  allowDeselect={false}
                  onChange={(value) => put(row.key, { exploited: flagOf(value) })}
                />
                <Select
                  label="Reachable"
                  w={110}
                  data={TERNARY("yes", "no")}
                  value={row.exposed === null ? "" : String(row.exposed)}
                  allowDeselect={false}
                  onChange={(value) => put(row.key, { exposed: flagOf(value) })}
                />
                <NumberInput
                  label="Days"
                  w={90}
                  min={1}
                  max={3650}
                  required
                  value={row.days}
                  onChange={(value) => put(row.key, { days: Number(value) })}
                />
                <Select
                  label="Counted from when"
                  w={210}
                  data={[
                    { value: "opened", label: "it was found" },
                    { value: "fix", label: "a fix became known" },
                    { value: "exploited", label: "it became exploited" },
                  ]}
                  value={row.starts}
                  allowDeselect={false}
                  onChange={(value) => put(row.key, { starts: (value ?? "opened") as Deadline["starts"] })}
                />
                <Button
                  variant="default"
                  aria-label={`Remove deadline ${index + 1}`}
                  onClick={() => setRows(rows.filter((other) => other.key !== row.key))}
                >
                  Remove
                </Button>
              </Group>
            ))}
            <Group gap="xs">
              <Button
                variant="default"
                onClick={() =>
                  add([{ severity: "critical", exposed: null, exploited: null, days: 15, starts: "opened" }])
                }
              >
                Add a deadline
              </Button>
              {rows.length === 0 && (
                <Button variant="default" onClick={() => add(USUAL)}>
                  Begin with the usual ones
                </Button>
              )}
            </Group>
            {change.error && <ProblemNote problem={change.error} />}
            <DialogFoot>
              <Button variant="default" onClick={onClose}>
                Cancel
              </Button>
              <Button type="submit" loading={change.isPending}>
                Save
              </Button>
            </DialogFoot>
          </Stack>
        </form>
      )}
    </Modal>
  );
}
