import { Button } from "@mantine/core";
import { useState } from "react";
import { request } from "../../api/client";
import { asProblem } from "../../api/problem";
import { useSession } from "../../api/session";
import { Explorer } from "../../ui/explorer/explorer";
import { HISTORY_LIST } from "../../ui/lists/history";
import { PageFrame } from "../../ui/page";
import { wholeText } from "../../ui/quantities";
import { Empty } from "../../ui/states";

interface Verdict {
  ok: boolean;
  text: string;
}

export function HistoryPage() {
  const { can } = useSession();
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [busy, setBusy] = useState(false);
  if (!can("history.view")) {
    return (
      <PageFrame title="Audit trail">
        <Empty title="Your role does not show the audit trail">
          Administrators and auditors can read it.
        </Empty>
      </PageFrame>
    );
  }
  const verify = async () => {
    setBusy(true);
    try {
      const answer = await request<{ ok: boolean; entries: number; broken_at: number | null }>(
        "GET",
        "/history/verify",
      );
      setVerdict({
        ok: answer.ok,
        text: answer.ok
          ? `The chain of all ${wholeText(answer.entries)} entries is whole: none was changed or removed.`
          : `The chain is broken at entry ${answer.broken_at}: something was changed or removed there.`,
      });
    } catch (error) {
      setVerdict({ ok: false, text: `The chain could not be verified: ${asProblem(error).message}` });
    } finally {
      setBusy(false);
    }
  };
  return (
    <PageFrame
      title="Audit trail"
      fill
      says={
        <span role="status">
          {verdict ? (
            verdict.ok ? (
              verdict.text
            ) : (
              <strong>{verdict.text}</strong>
            )
          ) : (
            "Who changed what, when. Each entry holds the hash of the one before."
          )}
        </span>
      }
      actions={
        <Button variant="default" loading={busy} onClick={verify}>
          Verify the chain
        </Button>
      }
    >
      <Explorer definition={HISTORY_LIST} />
    </PageFrame>
  );
}
