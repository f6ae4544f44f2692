import { Button, Modal, NumberInput, Select, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { OwnerRule, Team } from "../../api/decisions";
import { useChange, useList } from "../../api/hooks";
import type { Environment } from "../../api/types";
import { DialogFoot } from "../../ui/dialogFoot";
import { readLabels } from "../../ui/labels";
import { useNotices } from "../../ui/notices";
import { ProblemNote } from "../../ui/states";

export function RuleForm({ teams, onClose }: { teams: Team[]; onClose: () => void }) {
  const notices = useNotices();
  const [position, setPosition] = useState<number | string>(100);
  const [environment, setEnvironment] = useState("");
  const [labels, setLabels] = useState("");
  const [repository, setRepository] = useState("");
  const [team, setTeam] = useState(teams[0]?.name ?? "");
  const environments = useList<Environment>("/environments", { limit: 200 });
  const change = useChange<OwnerRule>(["/findings"]);
  const fields = change.error?.fields ?? {};
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await change.mutateAsync({
        method: "POST",
        path: "/owner-rules",
        body: {
          position: Number(position),
          environment: environment || null,
          labels: readLabels(labels),
          repository,
          team,
        },
      });
      notices.done(`What fits and has no owner is ${team}'s now.`);
      onClose();
    } catch {
      // Shown in the form.
    }
  };
  return (
    <Modal opened onClose={onClose} title="New rule" closeButtonProps={{ "aria-label": "Close" }}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Select
            label="Team"
            data={teams.map((one) => one.name)}
            value={team}
            error={fields.team}
            allowDeselect={false}
            onChange={(value) => setTeam(value ?? "")}
          />
          <Select
            label="Environment"
            data={[
              { value: "", label: "any" },
              ...(environments.data?.pages.flatMap((page) => page.results) ?? []).map((one) => ({
                value: one.slug,
                label: one.name,
              })),
            ]}
            value={environment}
            error={fields.environment}
            allowDeselect={false}
            onChange={(value) => setEnvironment(value ?? "")}
          />
          <TextInput
            label="Labels of the host's node"
            placeholder="team=web, tier=front"
            value={labels}
            error={fields.labels}
            onChange={(event) => setLabels(event.currentTarget.value)}
          />
          <TextInput
            label="Repository"
            placeholder="registry.example/shop/web"
            value={repository}
            error={fields.repository}
            spellCheck={false}
            onChange={(event) => setRepository(event.currentTarget.value)}
          />
          <NumberInput
            label="Asked in this order"
            description="Lower ones first; the first that fits names the team"
            min={0}
            value={position}
            error={fields.position}
            onChange={setPosition}
          />
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
    </Modal>
  );
}
