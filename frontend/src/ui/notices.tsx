import { Button, CloseButton } from "@mantine/core";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from "react";
import { asProblem } from "../api/problem";
import classes from "./notices.module.css";

interface Notice {
  id: number;
  text: string;
  failed: boolean;
  undo?: () => Promise<unknown>;
}

interface Notices {
  /** Tells what was done, and offers to undo it. Goes away by itself. */
  done: (text: string, undo?: () => Promise<unknown>) => void;
  /** Tells what failed and why. Stays until closed. */
  failed: (what: string, error: unknown) => void;
}

const NoticeContext = createContext<Notices | null>(null);

export function useNotices(): Notices {
  const notices = useContext(NoticeContext);
  if (!notices) throw new Error("useNotices is used outside NoticeArea");
  return notices;
}

export function NoticeArea({ children }: { children: ReactNode }) {
  const [shown, setShown] = useState<Notice[]>([]);
  const last = useRef(0);
  const close = useCallback((id: number) => setShown((all) => all.filter((notice) => notice.id !== id)), []);
  const add = useCallback(
    (text: string, failed: boolean, undo?: () => Promise<unknown>) => {
      last.current += 1;
      const id = last.current;
      setShown((all) => [...all.slice(-3), { id, text, failed, undo }]);
      if (!failed) window.setTimeout(() => close(id), undo ? 20_000 : 6000);
    },
    [close],
  );
  const notices = useMemo<Notices>(
    () => ({
      done: (text, undo) => add(text, false, undo),
      failed: (what, error) => {
        const problem = asProblem(error);
        const fields = Object.entries(problem.fields).map(([field, message]) => `${field}: ${message}`);
        const why = [problem.detail || problem.title, problem.hint, ...fields].filter(Boolean).join(" ");
        add(`${what}: ${why}`, true);
      },
    }),
    [add],
  );
  return (
    <NoticeContext value={notices}>
      {children}
      <div className={classes.notices} role="status" aria-live="polite">
        {shown.map((notice) => (
          <div key={notice.id} className={`${classes.notice} ${notice.failed ? classes.failed : ""}`}>
            <span>{notice.text}</span>
            {notice.undo && (
              <Button
                size="compact-xs"
                variant="default"
                onClick={async () => {
                  close(notice.id);
                  try {
                    await notice.undo?.();
                    notices.done("It was undone.");
                  } catch (error) {
                    notices.failed("It was not undone", error);
                  }
                }}
              >
                Undo
              </Button>
            )}
            <CloseButton size="sm" aria-label="Close this message" onClick={() => close(notice.id)} />
          </div>
        ))}
      </div>
    </NoticeContext>
  );
}
