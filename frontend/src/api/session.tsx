import { useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";
import { idleMilliseconds, markActivity } from "./activity";
import { onSessionExpired, request } from "./client";
import type { Problem } from "./problem";
import type { Me, Session } from "./types";

export const SESSION_KEY = ["/session"];

interface SessionState {
  me: Me;
  can: (permission: string) => boolean;
  logOut: () => Promise<void>;
  /** Takes the changed user after a change of profile or password. */
  setMe: (me: Me) => void;
}

const SessionContext = createContext<SessionState | null>(null);

/** Who is logged in. Only under the session gate, where somebody is. */
export function useSession(): SessionState {
  const state = useContext(SessionContext);
  if (!state) throw new Error("useSession is used outside the session gate");
  return state;
}

/**
 * Ends the session after the server's idle time without a person, so that a forgotten screen shows the login
 * by itself and not only when the server refuses its next poll.
 */
function useIdleEnd(seconds: number | undefined, end: () => void): void {
  useEffect(() => {
    if (!seconds) return;
    let marked = 0;
    const onActivity = () => {
      if (Date.now() - marked < 5_000) return;
      marked = Date.now();
      markActivity();
    };
    const timer = window.setInterval(() => {
      if (idleMilliseconds() > seconds * 1000) end();
    }, 10_000);
    const events = ["pointerdown", "keydown", "wheel", "touchstart"] as const;
    for (const name of events) window.addEventListener(name, onActivity, { passive: true });
    return () => {
      window.clearInterval(timer);
      for (const name of events) window.removeEventListener(name, onActivity);
    };
  }, [seconds, end]);
}

/**
 * Shows `login` while nobody is logged in and the pages once somebody is. The address in the browser is never
 * touched, so that a session that ran out comes back to exactly the same view.
 */
export function SessionGate({
  login,
  waiting,
  failed,
  children,
}: {
  login: (given: { ended: boolean; onDone: (session: Session) => void }) => ReactNode;
  waiting: ReactNode;
  failed: (problem: Problem, retry: () => void) => ReactNode;
  children: ReactNode;
}) {
  const client = useQueryClient();
  const [ended, setEnded] = useState(false);
  // Opening a page is an act too, and the pages ask their first questions before any effect here runs.
  useState(markActivity);
  const session = useQuery<Session, Problem>({
    queryKey: SESSION_KEY,
    queryFn: ({ signal }) => request<Session>("GET", "/session", { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });

  const expire = useCallback(() => {
    const known = client.getQueryData<Session>(SESSION_KEY);
    if (!known?.authenticated) return;
    setEnded(true);
    client.setQueryData<Session>(SESSION_KEY, { ...known, authenticated: false, user: null });
  }, [client]);
  useEffect(() => onSessionExpired(expire), [expire]);

  const endIdle = useCallback(() => {
    expire();
    void request("DELETE", "/session").catch(() => undefined);
  }, [expire]);
  const user = session.data?.authenticated ? session.data.user : null;
  useIdleEnd(user ? session.data?.idle_timeout_seconds : undefined, endIdle);

  const state = useMemo<SessionState | null>(() => {
    if (!user) return null;
    return {
      me: user,
      can: (permission) => user.permissions.includes(permission),
      setMe: (me) =>
        client.setQueryData<Session>(SESSION_KEY, (known) => ({ ...known, authenticated: true, user: me })),
      logOut: async () => {
        await request("DELETE", "/session");
        client.clear();
        window.location.assign("/");
      },
    };
  }, [user, client]);

  if (session.isPending) return waiting;
  if (session.isError && !session.data) return failed(session.error, () => void session.refetch());
  if (!state) {
    return login({
      ended,
      onDone: (answer) => {
        markActivity();
        setEnded(false);
        // What the person before saw must not be shown to the next one.
        client.removeQueries({ predicate: (query) => query.queryKey[0] !== SESSION_KEY[0] });
        client.setQueryData<Session>(SESSION_KEY, (known) => ({ ...known, ...answer }));
      },
    });
  }
  return <SessionContext value={state}>{children}</SessionContext>;
}
