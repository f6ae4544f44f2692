import { Button, PasswordInput, Stack } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { request } from "../../api/client";
import { asProblem, type Problem } from "../../api/problem";
import { ProblemNote } from "../../ui/states";

const TOGGLE = { "aria-label": "Show or hide the password", tabIndex: 0 };

/** Changes one's own password. */
export function PasswordForm({ onDone }: { onDone: () => void | Promise<void> }) {
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const [again, setAgain] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const differs = again !== "" && again !== fresh;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (fresh !== again) return;
    setBusy(true);
    setProblem(null);
    try {
      await request("POST", "/me/password", { body: { current_password: current, new_password: fresh } });
      setCurrent("");
      setFresh("");
      setAgain("");
      await onDone();
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <PasswordInput
          label="Current password"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={current}
          error={problem?.fields.current_password}
          onChange={(event) => setCurrent(event.currentTarget.value)}
          visibilityToggleButtonProps={TOGGLE}
        />
        <PasswordInput
          label="New password"
          autoComplete="new-password"
          required
          withAsterisk={false}
          value={fresh}
          error={problem?.fields.new_password}
          onChange={(event) => setFresh(event.currentTarget.value)}
          visibilityToggleButtonProps={TOGGLE}
        />
        <PasswordInput
          label="New password again"
          autoComplete="new-password"
          required
          withAsterisk={false}
          value={again}
          error={differs ? "The two do not match." : undefined}
          onChange={(event) => setAgain(event.currentTarget.value)}
          visibilityToggleButtonProps={TOGGLE}
        />
        {problem && Object.keys(problem.fields).length === 0 && <ProblemNote problem={problem} />}
        <Button type="submit" size="sm" loading={busy} disabled={!current || !fresh || fresh !== again}>
          Change password
        </Button>
      </Stack>
    </form>
  );
}
