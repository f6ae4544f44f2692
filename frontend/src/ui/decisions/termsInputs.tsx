import { Checkbox, NumberInput, Radio, Select, SimpleGrid, Stack, Textarea, TextInput } from "@mantine/core";
import type { DecisionTerms } from "../../api/decisions";
import { ENDS, OUTCOMES, REASONS } from "./words";

/** The terms as a form holds them. */
export interface TermsDraft {
  outcome: DecisionTerms["outcome"];
  reason: string;
  note: string;
  link: string;
  until: string;
  endsWhen: string;
  onExploited: boolean;
  onEpss: number | string;
  onExposed: boolean;
  onControl: string;
  onVersion: boolean;
}

/** In 90 days, as date inputs write it: a decision without an end is a choice, not an oversight. */
export function inDays(days: number, from = new Date()): string {
  return new Date(from.getTime() + days * 86_400_000).toISOString().slice(0, 10);
}

export function newTerms(): TermsDraft {
  return {
    outcome: "accepted",
    reason: "fix_planned",
    note: "",
    link: "",
    until: inDays(90),
    endsWhen: "never",
    onExploited: true,
    onEpss: "",
    onExposed: false,
    onControl: "",
    onVersion: false,
  };
}

/** As the server takes them: a day means until its end. */
export function termsOf(draft: TermsDraft): DecisionTerms {
  return {
    outcome: draft.outcome,
    reason: draft.reason,
    note: draft.note,
    link: draft.link,
    expires_at: draft.until ? `${draft.until}T23:59:59Z` : null,
    ends_when: draft.endsWhen as DecisionTerms["ends_when"],
    trips_on_exploited: draft.onExploited,
    trips_on_epss: draft.onEpss === "" ? null : Number(draft.onEpss) / 100,
    trips_on_exposed: draft.onExposed,
    trips_on_control: draft.onControl,
    trips_on_version: draft.onVersion,
  };
}

export function TermsInputs({
  draft,
  onChange,
  mechanisms,
  fields,
}: {
  draft: TermsDraft;
  onChange: (draft: TermsDraft) => void;
  mechanisms: { value: string; label: string }[];
  fields: Record<string, string>;
}) {
  const put = (part: Partial<TermsDraft>) => onChange({ ...draft, ...part });
  return (
    <Stack gap="sm">
      <Radio.Group
        label="What is decided"
        value={draft.outcome}
        onChange={(value) => {
          const outcome = value as TermsDraft["outcome"];
          put({ outcome, reason: REASONS[outcome][0]?.value ?? "" });
        }}
      >
        <Stack gap={6} mt={4}>
          {OUTCOMES.map((known) => (
            <Radio
              key={known.value}
              size="xs"
              value={known.value}
              label={known.label}
              description={known.value === draft.outcome ? known.says : undefined}
            />
          ))}
        </Stack>
      </Radio.Group>
      <Select
        label="Reason"
        data={REASONS[draft.outcome]}
        value={draft.reason}
        error={fields.reason}
        allowDeselect={false}
        onChange={(value) => put({ reason: value ?? "" })}
      />
      <Textarea
        label="Note"
        description="For whoever looks at it in a year"
        autosize
        minRows={2}
        required={draft.reason === "other"}
        value={draft.note}
        error={fields.note}
        onChange={(event) => put({ note: event.currentTarget.value })}
      />
      <TextInput
        label="Link"
        placeholder="https://…"
        value={draft.link}
        error={fields.link}
        onChange={(event) => put({ link: event.currentTarget.value })}
      />
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <TextInput
          type="date"
          label="Until"
          description="Empty: no date ends it"
          value={draft.until}
          error={fields.expires_at}
          onChange={(event) => put({ until: event.currentTarget.value })}
        />
        <Select
          label="Also ends when"
          description="Checked every minute"
          data={ENDS}
          value={draft.endsWhen}
          allowDeselect={false}
          onChange={(value) => put({ endsWhen: value ?? "never" })}
        />
      </SimpleGrid>
      <Stack gap={6}>
        <span>
          Suspend it when <span className="soft">(what it hides comes back at once)</span>
        </span>
        <Checkbox
          size="xs"
          label="the vulnerability becomes known to be exploited (CISA KEV)"
          checked={draft.onExploited}
          onChange={(event) => put({ onExploited: event.currentTarget.checked })}
        />
        <Checkbox
          size="xs"
          label="something it covers can be reached from outside"
          checked={draft.onExposed}
          onChange={(event) => put({ onExposed: event.currentTarget.checked })}
        />
        <Checkbox
          size="xs"
          label="another version of the package is found"
          checked={draft.onVersion}
          onChange={(event) => put({ onVersion: event.currentTarget.checked })}
        />
      </Stack>
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        <NumberInput
          label="EPSS reaches, in percent"
          min={0}
          max={100}
          value={draft.onEpss}
          error={fields.trips_on_epss}
          onChange={(value) => put({ onEpss: value })}
        />
        <Select
          label="This control is no longer in force"
          data={[{ value: "", label: "none" }, ...mechanisms]}
          value={draft.onControl}
          error={fields.trips_on_control}
          allowDeselect={false}
          searchable
          onChange={(value) => put({ onControl: value ?? "" })}
        />
      </SimpleGrid>
    </Stack>
  );
}
