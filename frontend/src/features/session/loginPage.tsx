import { Button, PasswordInput, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { request } from "../../api/client";
import { asProblem, type Problem } from "../../api/problem";
import type { Session } from "../../api/types";
import { Mark } from "../../ui/logo";
import { spanText } from "../../ui/quantities";
import { ProblemNote } from "../../ui/states";
import classes from "./session.module.css";

/** The login. It stands at the address the person wanted, so that logging in shows exactly that. */
export function LoginPage({ ended, onDone }: { ended: boolean; onDone: (session: Session) => void }) {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    document.title = "Log in · Plimsoll";
  }, []);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      onDone(await request<Session>("POST", "/session", { body: { username, password } }));
    } catch (error) {
      setProblem(asProblem(error));
      setPassword("");
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className={classes.centre}>
      <div className={classes.card}>
        <h1 className={classes.brand}>
          <Mark size={30} /> Plimsoll
        </h1>
        <p className="soft">
          {ended
            ? "Your session has ended. Log in to go on exactly where you were."
            : "Log in to see how your container hosts are loaded."}
        </p>
        <form onSubmit={submit}>
          <Stack gap="sm">
            <TextInput
              label="User name"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              required
              withAsterisk={false}
              autoFocus
              value={username}
              onChange={(event) => setUsername(event.currentTarget.value)}
            />
            <PasswordInput
              label="Password"
              autoComplete="current-password"
              required
              withAsterisk={false}
              value={password}
              onChange={(event) => setPassword(event.currentTarget.value)}
              visibilityToggleButtonProps={{ "aria-label": "Show or hide the password", tabIndex: 0 }}
            />
            {problem && <ProblemNote problem={problem} />}
            {problem?.retryAfter && <p className="soft">Try again in {spanText(problem.retryAfter)}.</p>}
            <Button type="submit" size="sm" loading={busy}>
              Log in
            </Button>
          </Stack>
        </form>
      </div>
    </main>
  );
}
