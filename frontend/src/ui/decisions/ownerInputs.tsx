import { Select } from "@mantine/core";
import type { Team } from "../../api/decisions";
import { useList } from "../../api/hooks";
import { useSession } from "../../api/session";

export const NOBODY = "";

/** Who is to own findings: a team, and a person out of the teams or oneself. */
export function OwnerInputs({
  team,
  person,
  onTeam,
  onPerson,
  fields,
}: {
  team: string;
  person: string;
  onTeam: (team: string) => void;
  onPerson: (person: string) => void;
  fields: Record<string, string>;
}) {
  const { me } = useSession();
  const teams = useList<Team>("/teams", { limit: 200 });
  const rows = teams.data?.pages.flatMap((page) => page.results) ?? [];
  const people = new Set(rows.flatMap((row) => row.members));
  people.add(me.username);
  if (person) people.add(person);
  return (
    <>
      <Select
        label="Team"
        data={[
          { value: NOBODY, label: "none" },
          ...rows.map((row) => ({ value: row.name, label: row.name })),
        ]}
        value={team}
        error={fields.team}
        searchable
        allowDeselect={false}
        onChange={(value) => onTeam(value ?? NOBODY)}
      />
      <Select
        label="Person"
        data={[
          { value: NOBODY, label: "nobody" },
          ...[...people].sort().map((name) => ({ value: name, label: name })),
        ]}
        value={person}
        error={fields.assignee}
        searchable
        allowDeselect={false}
        onChange={(value) => onPerson(value ?? NOBODY)}
      />
    </>
  );
}
