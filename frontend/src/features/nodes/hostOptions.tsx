import { Stack, Switch } from "@mantine/core";
import { CopyBlock } from "../../ui/copy";
import { type Draft, hostOptions, schemeOf } from "./draft";
import classes from "./nodes.module.css";

/** The user who logs in, where a sudoers file can name them without quoting. */
export function userOf(address: string): string {
  return /^ssh:\/\/([A-Za-z_][A-Za-z0-9_.-]*)@/.exec(address.trim())?.[1] ?? "plimsoll";
}

/** The rule that lets the probe run as root, and nothing else that sudo could tell apart. */
export function sudoRule(address: string): string {
  return `${userOf(address)} ALL=(root) NOPASSWD: /usr/bin/python3 -`;
}

/** Whether an engine's host is read along with it, and with which rights; both only over SSH. */
export function HostOptions({
  draft,
  errors,
  onChange,
}: {
  draft: Draft;
  errors: Record<string, string>;
  onChange: (change: Partial<Draft>) => void;
}) {
  // An error of an option that the address does not offer must be seen all the same.
  if (schemeOf(draft.address) !== "ssh") {
    const said = errors.reads_host ?? errors.use_sudo;
    return said ? <p className={classes.wrong}>{said}</p> : null;
  }
  const options = hostOptions({ ...draft, useSudo: true });
  return (
    <Stack gap="sm">
      {draft.kind === "docker" && (
        <Switch
          label="Read the host too, over the same connection"
          description="The probe is piped to Python on the host and tells of kernel, security modules and what confines each container in fact."
          checked={draft.readsHost}
          error={errors.reads_host}
          onChange={(event) => onChange({ readsHost: event.currentTarget.checked })}
        />
      )}
      {options.use_sudo && (
        <Switch
          label="As root, with sudo"
          description="Without root, what this user may not see is listed as “needs root” and never counted as passed."
          checked={draft.useSudo}
          error={errors.use_sudo}
          onChange={(event) => onChange({ useSudo: event.currentTarget.checked })}
        />
      )}
      {options.use_sudo && draft.useSudo && (
        <div className={classes.rule}>
          <span>
            sudo must not ask for a password. The exact rule, for <code>/etc/sudoers.d/plimsoll</code>:
          </span>
          <CopyBlock text={sudoRule(draft.address)} label="Copy the rule for sudo" />
          <span className="soft">
            Whoever holds the key of this user is then root on the host. Where that is too much, run the
            agent: its token opens the probe's answer and nothing else.
          </span>
        </div>
      )}
    </Stack>
  );
}
