import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef, useState } from "react";
import { asProblem, Problem } from "../../api/problem";
import { sendForm } from "../../api/sendForm";
import type { Upload } from "../../api/uploads";
import { bytesText } from "../../ui/quantities";

export interface Picked {
  key: number;
  file: File;
  state: "waiting" | "sending" | "sent" | "refused";
  /** How much of it is on its way, 0..1. */
  share: number;
  startedAt: number | null;
  problem: Problem | null;
}

/** Why a file need not even be sent, or null. `largest` is null while it is not known. */
export function refusalOf(file: { size: number }, largest: number | null): Problem | null {
  const refused = (code: string, detail: string, hint: string | null = null) =>
    new Problem({ status: 400, code, title: "Not sent", detail, hint });
  if (file.size === 0) return refused("empty", "It is empty, or a folder.");
  if (largest !== null && file.size > largest) {
    return refused(
      "too_large",
      `It is larger than ${bytesText(largest)}, the most that is taken in.`,
      "Compress it with gzip, or send it in parts.",
    );
  }
  return null;
}

/** The files that a person picked, sent one after the other so that they are read in that order. */
export function useSending(largest: number | null) {
  const client = useQueryClient();
  const [picked, setPicked] = useState<Picked[]>([]);
  const [sending, setSending] = useState(false);
  const last = useRef(0);
  const stopping = useRef<AbortController | null>(null);

  useEffect(() => {
    if (!sending) return;
    // The browser asks before it drops what is on its way.
    const onLeave = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", onLeave);
    return () => window.removeEventListener("beforeunload", onLeave);
  }, [sending]);

  const put = useCallback((key: number, change: Partial<Picked>) => {
    setPicked((all) => all.map((one) => (one.key === key ? { ...one, ...change } : one)));
  }, []);

  const add = useCallback(
    (files: File[]) => {
      const more = files.map((file): Picked => {
        last.current += 1;
        const problem = refusalOf(file, largest);
        const state = problem ? "refused" : "waiting";
        return { key: last.current, file, state, share: 0, startedAt: null, problem };
      });
      setPicked((all) => [...all, ...more]);
    },
    [largest],
  );

  const remove = useCallback((key: number) => setPicked((all) => all.filter((one) => one.key !== key)), []);

  /** Sends what waits. Returns how many were taken in and how many of all that was picked were not. */
  const send = async (fields: Record<string, string>) => {
    const stop = new AbortController();
    stopping.current = stop;
    setSending(true);
    let sent = 0;
    let refused = picked.filter((one) => one.state === "refused").length;
    for (const one of picked.filter(({ state }) => state === "waiting")) {
      if (stop.signal.aborted) break;
      put(one.key, { state: "sending", startedAt: Date.now() });
      try {
        await sendForm<Upload>("/uploads", one.file, fields, {
          onProgress: (share) => put(one.key, { share }),
          signal: stop.signal,
        });
        put(one.key, { state: "sent", share: 1 });
        sent += 1;
      } catch (error) {
        put(one.key, { state: "refused", problem: asProblem(error) });
        refused += 1;
      }
      void client.invalidateQueries({ queryKey: ["/uploads"] });
    }
    stopping.current = null;
    setSending(false);
    return { sent, refused };
  };

  return {
    picked,
    sending,
    add,
    remove,
    send,
    stop: () => stopping.current?.abort(),
    clear: () => setPicked([]),
  };
}
