import { useCallback } from "react";
import { useLocation, useNavigate } from "react-router";
import { AS_OF, addressText, ENVIRONMENT } from "./view";

/** The part of an address that goes along from page to page: the environment and the date looked at. */
export function carriedSearch(search: string, more: Record<string, string> = {}): string {
  const before = new URLSearchParams(search);
  const after = new URLSearchParams();
  for (const name of [ENVIRONMENT, AS_OF]) {
    const value = before.get(name);
    if (value) after.set(name, value);
  }
  for (const [name, value] of Object.entries(more)) after.set(name, value);
  return addressText(after);
}

/** Builds links that keep scope and date: `to("/hosts")`, `to("/findings", { check: "…" })`. */
export function useCarry(): (path: string, more?: Record<string, string>) => string {
  const { search } = useLocation();
  return useCallback((path, more) => `${path}${carriedSearch(search, more)}`, [search]);
}

/** A moment that the server will take, or null. What a person typed into the address may be anything. */
export function readMoment(text: string | null): string | null {
  if (!text) return null;
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) return null;
  // The database knows microseconds, a Date does not: the last moment of a day would be one too early.
  const fraction = /\.\d{1,6}(?=Z$)/.exec(text)?.[0] ?? "";
  return `${moment.toISOString().slice(0, 19)}${fraction}Z`;
}

export function useScope() {
  const location = useLocation();
  const navigate = useNavigate();
  const params = new URLSearchParams(location.search);
  const put = (name: string, value: string | null) => {
    const next = new URLSearchParams(window.location.search);
    if (value) next.set(name, value);
    else next.delete(name);
    navigate({ search: addressText(next) });
  };
  return {
    environment: params.get(ENVIRONMENT),
    asOf: readMoment(params.get(AS_OF)),
    setEnvironment: (value: string | null) => put(ENVIRONMENT, value),
    setAsOf: (moment: string | null) => put(AS_OF, moment),
  };
}
