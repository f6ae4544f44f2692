import { useCallback, useMemo } from "react";
import { useLocation, useNavigate } from "react-router";
import { addressText, readView, type View, writeView } from "./view";

/** The view of this page's list and the way to change it. A change is one entry in the browser's history. */
export function useView(filterNames: readonly string[]) {
  const location = useLocation();
  const navigate = useNavigate();
  const names = filterNames.join(",");
  const view = useMemo(
    () => readView(new URLSearchParams(location.search), names.split(",")),
    [location.search, names],
  );
  const change = useCallback(
    (next: Partial<View>, replace = false) => {
      const params = writeView(new URLSearchParams(window.location.search), next, names.split(","));
      navigate({ search: addressText(params) }, { replace, preventScrollReset: true });
    },
    [navigate, names],
  );
  return { view, change };
}

/** One value of the address that is no list's filter: the tab of a detail page, the step of a wizard. */
export function useAddressValue(
  name: string,
): [string | null, (value: string | null, drop?: string[]) => void] {
  const location = useLocation();
  const navigate = useNavigate();
  const value = new URLSearchParams(location.search).get(name);
  const set = useCallback(
    (next: string | null, drop: string[] = []) => {
      const params = new URLSearchParams(window.location.search);
      for (const other of drop) params.delete(other);
      if (next) params.set(name, next);
      else params.delete(name);
      navigate({ search: addressText(params) });
    },
    [name, navigate],
  );
  return [value, set];
}
