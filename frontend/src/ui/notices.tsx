import { CloseButton } from "@mantine/core";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useRef, useState } from "react";
import { asProblem } from "../api/problem";
import classes from "./notices.module.css";

interface Notice {
  id: number;
  text: string;
  failed: boolean;
}

interface Notices {
  /** Tells what was done. Goes away by itself. */
  done: (text: string) => void;
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
    (text: string, failed: boolean) => {
      last.current += 1;
      const id = last.current;
      setShown((all) => [...all.slice(-3), { id, text, failed }]);
      if (!failed) window.setTimeout(() => close(id), 6000);
    },
    [close],
  );
  const notices = useMemo<Notices>(
    () => ({
      done: (text) => add(text, false),
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
            <CloseButton size="sm" aria-label="Close this message" onClick={() => close(notice.id)} />
          </div>
        ))}
      </div>
    </NoticeContext>
  );
}
