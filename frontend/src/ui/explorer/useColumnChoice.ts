import { useCallback, useState } from "react";

function read(key: string): string[] | null {
  try {
    const stored: unknown = JSON.parse(window.localStorage.getItem(key) ?? "null");
    return Array.isArray(stored) && stored.every((id) => typeof id === "string") ? stored : null;
  } catch {
    return null;
  }
}

/**
 * Which columns a list shows: those in the address (so that a shared link shows the same), else those chosen
 * in this browser before, else the usual ones (null).
 */
export function useColumnChoice(
  path: string,
  inAddress: string[] | null,
  put: (columns: string[] | null) => void,
): [string[] | null, (columns: string[] | null) => void] {
  const key = `plimsoll-columns${path}`;
  const [stored, setStored] = useState(() => read(key));
  const choose = useCallback(
    (columns: string[] | null) => {
      setStored(columns);
      if (columns) window.localStorage.setItem(key, JSON.stringify(columns));
      else window.localStorage.removeItem(key);
      put(columns);
    },
    [key, put],
  );
  return [inAddress ?? stored, choose];
}
