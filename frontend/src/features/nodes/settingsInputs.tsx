import { NumberInput, Select, Stack, TextInput } from "@mantine/core";
import { useEnvironments } from "../../ui/shell/scopeSelect";
import type { Draft } from "./draft";
import classes from "./nodes.module.css";

const INTERVALS = [
  { value: "60", label: "every minute" },
  { value: "300", label: "every 5 minutes" },
  { value: "900", label: "every 15 minutes" },
  { value: "3600", label: "every hour" },
  { value: "21600", label: "every 6 hours" },
  { value: "86400", label: "every day" },
];

function whole(value: number | string): number | null {
  return value === "" ? null : Number(value);
}

/** Name, environment, schedule and limits of a node. */
export function SettingsInputs({
  draft,
  errors,
  onChange,
}: {
  draft: Draft;
  errors: Record<string, string>;
  onChange: (change: Partial<Draft>) => void;
}) {
  const environments = useEnvironments();
  const interval = String(draft.intervalSeconds);
  const intervals = INTERVALS.some((known) => known.value === interval)
    ? INTERVALS
    : [...INTERVALS, { value: interval, label: `every ${interval} s` }];
  return (
    <Stack gap="sm">
      <TextInput
        label="Name"
        required
        data-autofocus
        value={draft.name}
        error={errors.name}
        onChange={(event) => onChange({ name: event.currentTarget.value })}
      />
      <div className={classes.pair}>
        <Select
          label="Environment"
          required
          data={environments.map((known) => ({ value: String(known.id), label: known.name }))}
          value={draft.environment}
          onChange={(environment) => onChange({ environment })}
          error={errors.environment}
          placeholder="choose one"
        />
        <Select
          label="Pulled"
          data={intervals}
          value={interval}
          onChange={(value) => onChange({ intervalSeconds: Number(value) })}
          allowDeselect={false}
          error={errors.interval_seconds}
        />
      </div>
      <TextInput
        label="Labels"
        description="name=value, separated by commas"
        value={draft.labels}
        error={errors.labels}
        onChange={(event) => onChange({ labels: event.currentTarget.value })}
      />
      <fieldset className={classes.limits}>
        <legend>A pull stops at</legend>
        <NumberInput
          label="Seconds"
          min={1}
          placeholder="usual"
          value={draft.limitSeconds ?? ""}
          error={errors["limits.seconds"] ?? errors.limits}
          onChange={(value) => onChange({ limitSeconds: whole(value) })}
        />
        <NumberInput
          label="MiB read"
          min={1}
          placeholder="usual"
          value={draft.limitMegabytes ?? ""}
          error={errors["limits.bytes"]}
          onChange={(value) => onChange({ limitMegabytes: whole(value) })}
        />
        <NumberInput
          label="Items"
          min={1}
          placeholder="usual"
          value={draft.limitItems ?? ""}
          error={errors["limits.items"]}
          onChange={(value) => onChange({ limitItems: whole(value) })}
        />
      </fieldset>
    </Stack>
  );
}
