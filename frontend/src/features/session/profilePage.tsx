import { Button, Group, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { request } from "../../api/client";
import { asProblem, type Problem } from "../../api/problem";
import { useSession } from "../../api/session";
import type { Me } from "../../api/types";
import { Moment } from "../../ui/moment";
import { useNotices } from "../../ui/notices";
import { Facts, PageFrame, Panel, pageClasses } from "../../ui/page";
import { PasswordForm } from "./passwordForm";

export function ProfilePage() {
  const { me, setMe } = useSession();
  const notices = useNotices();
  const [email, setEmail] = useState(me.email);
  const [problem, setProblem] = useState<Problem | null>(null);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setProblem(null);
    try {
      setMe(await request<Me>("PATCH", "/me", { body: { email } }));
      notices.done("Your e-mail address was saved.");
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  return (
    <PageFrame title="Profile" says="Your account, what it may see, and your password.">
      <div className={pageClasses.grid}>
        <Panel title="Account">
          <Facts
            facts={[
              ["User name", me.username],
              ["Role", me.role],
              [
                "Sees",
                me.environments?.map((environment) => environment.name).join(", ") ?? "every environment",
              ],
              ["Last login", <Moment key="login" at={me.last_login_at} />],
            ]}
          />
          <form onSubmit={save}>
            <Group align="flex-end" mt="md" gap="xs">
              <TextInput
                label="E-mail address"
                type="email"
                value={email}
                error={problem?.fields.email ?? problem?.detail}
                onChange={(event) => setEmail(event.currentTarget.value)}
              />
              <Button type="submit" size="sm" disabled={email === me.email}>
                Save
              </Button>
            </Group>
          </form>
        </Panel>
        <Panel title="Change password">
          <PasswordForm onDone={() => notices.done("Your password was changed.")} />
        </Panel>
      </div>
    </PageFrame>
  );
}
