import { Button, Modal, NumberInput, Select, Stack, Switch } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { Link } from "react-router";
import { useChange, useItem } from "../../api/hooks";
import type { Reminders } from "../../api/notifications";
import { useSession } from "../../api/session";
import { Chip } from "../../ui/chips";
import { DialogFoot } from "../../ui/dialogFoot";
import { Moment } from "../../ui/moment";
import { useNotices } from "../../ui/notices";
import { Facts, Panel } from "../../ui/page";
import { plural } from "../../ui/quantities";
import { Loading, ProblemNote } from "../../ui/states";
import { useCarry } from "../../url/scope";
import { HOURS, hourText, rungText } from "./words";

/** The ladder: who is told next while a finding stays. */
export function RemindersPanel() {
  const to = useCarry();
  const { can } = useSession();
  const [isOpen, setIsOpen] = useState(false);
  const item = useItem<Reminders>("/reminders");
  const told = item.data;
  const change = can("notifications.change") && told && (
    <Button variant="default" onClick={() => setIsOpen(true)} aria-label="Change the reminders">
      Change
    </Button>
  );
  return (
    <Panel title="Reminders of what is due" aside={change}>
      {item.error && <ProblemNote problem={item.error} retry={() => void item.refetch()} />}
      {item.isPending && <Loading what="the reminders" rows={3} />}
      {told && (
        <Facts
          facts={[
            [
              "State",
              <Chip key="state" tone={told.is_enabled ? "good" : "plain"}>
                {told.is_enabled ? `on, once a day at ${hourText(told.hour)}` : "off"}
              </Chip>,
            ],
            ["Owner", rungText(told.owner_days)],
            ["Team", rungText(told.team_days)],
            ["Manager", rungText(told.manager_days)],
            ...(told.is_enabled
              ? ([["Next", <Moment key="next" at={told.next_at} />]] as [string, React.ReactNode][])
              : []),
            ...(told.told > 0 || told.reached > 0
              ? ([
                  [
                    "Last",
                    <span key="last">
                      <Moment at={told.walked_at} />: {plural(told.reached, "finding", "findings")},{" "}
                      {plural(told.told, "person", "people")} told
                    </span>,
                  ],
                ] as [string, React.ReactNode][])
              : []),
            ...(told.untold > 0
              ? ([
                  [
                    "Told to nobody",
                    <span key="nobody">
                      {plural(told.untold, "finding", "findings")}: without an owner, or of a{" "}
                      <Link to={to("/teams")}>team</Link> without members or manager
                    </span>,
                  ],
                ] as [string, React.ReactNode][])
              : []),
          ]}
        />
      )}
      {told && isOpen && <RemindersForm told={told} onClose={() => setIsOpen(false)} />}
    </Panel>
  );
}

const RUNGS = [
  { name: "owner_days", label: "Owner" },
  { name: "team_days", label: "Team" },
  { name: "manager_days", label: "Manager of the team" },
] as const;

function RemindersForm({ told, onClose }: { told: Reminders; onClose: () => void }) {
  const notices = useNotices();
  const [isEnabled, setIsEnabled] = useState(told.is_enabled);
  const [hour, setHour] = useState(String(told.hour));
  const [days, setDays] = useState<Record<string, number | string>>(
    Object.fromEntries(RUNGS.map(({ name }) => [name, told[name] ?? ""])),
  );
  const change = useChange<Reminders>();
  const fields = change.error?.fields ?? {};
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const rungs = RUNGS.map(({ name }) => [name, days[name] === "" ? null : Number(days[name])]);
    try {
      await change.mutateAsync({
        method: "PUT",
        path: "/reminders",
        body: { is_enabled: isEnabled, hour: Number(hour), ...Object.fromEntries(rungs) },
      });
      notices.done(isEnabled ? "Reminders go out from now on." : "No reminders go out.");
      onClose();
    } catch {
      // Shown in the form.
    }
  };
  return (
    <Modal opened onClose={onClose} title="Reminders" closeButtonProps={{ "aria-label": "Close" }}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <p className="soft">
            Days after a finding is due; before it with a minus; empty to leave somebody out. Each is told of
            each finding once, in one message a day.
          </p>
          <Switch
            label="Reminders go out"
            checked={isEnabled}
            onChange={(event) => setIsEnabled(event.currentTarget.checked)}
          />
          {RUNGS.map(({ name, label }) => (
            <NumberInput
              key={name}
              label={label}
              description={rungText(days[name] === "" ? null : Number(days[name]))}
              min={-365}
              max={365}
              allowDecimal={false}
              value={days[name] ?? ""}
              error={fields[name]}
              onChange={(value) => setDays((all) => ({ ...all, [name]: value }))}
            />
          ))}
          <Select
            label="Once a day at"
            data={HOURS}
            value={hour}
            error={fields.hour}
            allowDeselect={false}
            onChange={(value) => setHour(value ?? "7")}
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
