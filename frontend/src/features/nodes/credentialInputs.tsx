import { Button, Checkbox, FileButton, PasswordInput, Stack, Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { request } from "../../api/client";
import { asProblem, type Problem } from "../../api/problem";
import type { ScannedHostKey } from "../../api/types";
import { ProblemNote } from "../../ui/states";
import { addressOf, type CredentialField, credentialFields, type Draft, schemeOf } from "./draft";
import classes from "./nodes.module.css";

const LARGEST_FILE = 256 * 1024;

function CredentialInput({
  field,
  value,
  error,
  onChange,
}: {
  field: CredentialField;
  value: string;
  error?: string;
  onChange: (text: string) => void;
}) {
  const [refused, setRefused] = useState<string | null>(null);
  if (field.plain) {
    return (
      <TextInput
        label={field.label}
        description={field.description}
        autoComplete="off"
        spellCheck={false}
        value={value}
        error={error}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    );
  }
  if (field.short) {
    return (
      <PasswordInput
        label={field.label}
        description={field.description}
        autoComplete="off"
        value={value}
        error={error}
        onChange={(event) => onChange(event.currentTarget.value)}
        visibilityToggleButtonProps={{ "aria-label": `Show or hide: ${field.label.toLowerCase()}` }}
      />
    );
  }
  return (
    <div className={classes.credential}>
      <Textarea
        label={field.label}
        description={field.description}
        placeholder="-----BEGIN …"
        autoComplete="off"
        spellCheck={false}
        rows={3}
        className={field.secret ? classes.secret : undefined}
        value={value}
        error={error ?? refused}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <FileButton
        onChange={async (file) => {
          setRefused(null);
          if (!file) return;
          if (file.size > LARGEST_FILE) setRefused(`${file.name} is too large to be a key or certificate.`);
          else onChange(await file.text());
        }}
      >
        {(props) => (
          <Button
            {...props}
            variant="subtle"
            px={4}
            aria-label={`Read from a file: ${field.label.toLowerCase()}`}
          >
            Read from a file
          </Button>
        )}
      </FileButton>
    </div>
  );
}

/** The host's key: fetched by the server, shown to the person, pinned when they say it is the right one. */
function HostKeyPin({ draft, onChange }: { draft: Draft; onChange: (change: Partial<Draft>) => void }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const fetchKey = async () => {
    setBusy(true);
    setProblem(null);
    try {
      const hostKey = await request<ScannedHostKey>("POST", "/nodes/host-key", {
        body: { address: draft.address.trim() },
      });
      onChange({ hostKey, hostKeyConfirmed: false });
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className={classes.hostKey}>
      <strong>The host's key</strong>
      <span className="soft">
        Whoever answers must hold this key from now on. Compare the fingerprint with what the host itself
        shows: <code>ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub</code>
      </span>
      {draft.hostKey && (
        <>
          <code className={classes.fingerprint}>
            {draft.hostKey.type} {draft.hostKey.fingerprint}
          </code>
          <Checkbox
            label="This is the fingerprint of the host; pin it"
            checked={draft.hostKeyConfirmed}
            onChange={(event) => onChange({ hostKeyConfirmed: event.currentTarget.checked })}
          />
        </>
      )}
      {problem && <ProblemNote problem={problem} />}
      <div>
        <Button variant="default" loading={busy} onClick={fetchKey}>
          {draft.hostKey ? "Fetch it again" : "Fetch the host's key"}
        </Button>
      </div>
    </div>
  );
}

/** The fields for what the address's scheme needs. */
export function CredentialInputs({
  draft,
  errors,
  onChange,
}: {
  draft: Draft;
  errors: Record<string, string>;
  onChange: (change: Partial<Draft>) => void;
}) {
  const [opened, setOpened] = useState(false);
  const scheme = schemeOf(addressOf(draft));
  if (scheme === "unix") {
    return <p className="soft">A local socket needs no credential: the permissions of its file decide.</p>;
  }
  if (scheme === "local") {
    return <p className="soft">The machine that the server runs on needs no credential.</p>;
  }
  const errorOf = ({ name }: CredentialField) => errors[name] ?? errors[`credential.${name}`];
  const input = (field: CredentialField) => (
    <CredentialInput
      key={field.name}
      field={field}
      value={draft.credential[field.name] ?? ""}
      error={errorOf(field)}
      onChange={(text) => onChange({ credential: { ...draft.credential, [field.name]: text } })}
    />
  );
  const isRegistry = draft.kind === "registry";
  const fields = credentialFields(scheme, draft.kind);
  const aside = fields.filter((field) => field.aside);
  return (
    <Stack gap="sm">
      {fields.filter((field) => !field.aside).map(input)}
      {aside.length > 0 && (
        <details
          className={classes.aside}
          // Never closed over something that was given or refused.
          open={opened || aside.some((field) => errorOf(field) || draft.credential[field.name])}
          onToggle={(event) => setOpened(event.currentTarget.open)}
        >
          <summary>
            {isRegistry ? "A client certificate" : "A client certificate, instead of the token or beside it"}
          </summary>
          <Stack gap="sm">
            {!isRegistry && (
              <span className="soft">
                For an agent that was started with <code>--client-ca</code>.
              </span>
            )}
            {aside.map(input)}
          </Stack>
        </details>
      )}
      {scheme === "ssh" && <HostKeyPin draft={draft} onChange={onChange} />}
      {(scheme === "tcp" || scheme === "http") && (
        <Checkbox
          label="Allow a connection without TLS"
          description={
            isRegistry
              ? "Anyone on the way can then read the password, and what the registry answers."
              : "Anyone on the way can then read and change what the engine answers, and become root on the host."
          }
          checked={draft.allowPlaintext}
          onChange={(event) => onChange({ allowPlaintext: event.currentTarget.checked })}
        />
      )}
    </Stack>
  );
}
