import { Checkbox, NumberInput, Select, Stack } from "@mantine/core";
import type { Severity } from "../../api/types";
import { SEVERITIES, severityWord } from "../../ui/severity";
import type { Draft } from "./draft";
import classes from "./gate.module.css";

const SEVERITY_CHOICES = [
  { value: "", label: "do not ask for it" },
  ...SEVERITIES.map((severity) => ({
    value: severity,
    label: severity === "critical" ? "critical" : `${severityWord(severity)} or worse`,
  })),
];

/** The rules of a policy. */
export function RuleInputs({
  draft,
  errors,
  onChange,
}: {
  draft: Draft;
  errors: Record<string, string>;
  onChange: (part: Partial<Draft>) => void;
}) {
  const counts = draft.severity !== "" || draft.epss !== "";
  return (
    <Stack gap="md">
      <fieldset className={classes.group}>
        <legend>Refuse vulnerabilities</legend>
        <Checkbox
          label="that are known to be exploited (CISA KEV), whatever else is said here"
          checked={draft.exploited}
          onChange={(event) => onChange({ exploited: event.currentTarget.checked })}
        />
        <div className={classes.pair}>
          <Select
            label="Of severity"
            data={SEVERITY_CHOICES}
            value={draft.severity}
            allowDeselect={false}
            error={errors.refuse_severity}
            onChange={(value) => onChange({ severity: (value ?? "") as Severity | "" })}
          />
          <NumberInput
            label="With an EPSS from"
            description="Likelihood to be exploited within 30 days"
            suffix=" %"
            min={0}
            max={100}
            decimalScale={2}
            placeholder="do not ask for it"
            value={draft.epss}
            error={errors.refuse_epss}
            onChange={(epss) => onChange({ epss })}
          />
        </div>
        <Checkbox
          label="Of these two only those with a known fix"
          disabled={!counts}
          checked={draft.onlyFixable}
          onChange={(event) => onChange({ onlyFixable: event.currentTarget.checked })}
        />
        <Checkbox
          label="Of these two none in a package that was watched and never seen in use"
          disabled={!counts}
          checked={draft.onlyInUse}
          onChange={(event) => onChange({ onlyInUse: event.currentTarget.checked })}
        />
        <NumberInput
          className={classes.short}
          label="Of these two only those known for"
          suffix=" days"
          min={0}
          max={3650}
          allowDecimal={false}
          placeholder="any time"
          disabled={!counts}
          value={draft.graceDays}
          error={errors.grace_days}
          onChange={(graceDays) => onChange({ graceDays })}
        />
      </fieldset>
      <fieldset className={classes.group}>
        <legend>Refuse images</legend>
        <Checkbox
          label="that nothing has looked into for vulnerabilities"
          checked={draft.scan}
          onChange={(event) => onChange({ scan: event.currentTarget.checked })}
        />
        <Checkbox
          label="that hold secrets"
          checked={draft.secrets}
          onChange={(event) => onChange({ secrets: event.currentTarget.checked })}
        />
        <Checkbox
          label="that are not signed by somebody who is trusted"
          checked={draft.signature}
          onChange={(event) => onChange({ signature: event.currentTarget.checked })}
        />
        <NumberInput
          className={classes.short}
          label="Built more than"
          suffix=" days ago"
          min={1}
          max={36_500}
          allowDecimal={false}
          placeholder="any time ago"
          value={draft.maxAgeDays}
          error={errors.max_age_days}
          onChange={(maxAgeDays) => onChange({ maxAgeDays })}
        />
      </fieldset>
    </Stack>
  );
}
