import { Modal } from "@mantine/core";
import { type RefObject, useEffect, useId, useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { useItem } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { SearchResult } from "../../api/types";
import { pathOf } from "../../url/paths";
import { namesVulnerability, questionSearch } from "../../url/question";
import { carriedSearch } from "../../url/scope";
import { SearchIcon } from "../icons";
import { plural, wordsOf } from "../quantities";
import { PAGE_GROUPS } from "./pages";
import classes from "./shell.module.css";

export interface Choice {
  key: string;
  group: string;
  name: string;
  detail: string;
  path: string;
}

/** The question that a name of a vulnerability is offered as, before anything that is found for it. */
export function questionsFrom(text: string): Choice[] {
  if (!namesVulnerability(text)) return [];
  const name = text.trim();
  return [
    {
      key: `question ${name}`,
      group: "questions",
      name: `Are we affected by ${name.startsWith("CVE") ? name : name.replace(/^cve/i, "CVE")}?`,
      detail: "",
      path: `/affected${questionSearch({ q: name, ecosystem: "", versions: "" }, "")}`,
    },
  ];
}

/** Search results and pages as choices in the order shown: one group after the other. */
export function choicesFrom(
  results: SearchResult[],
  pages: { label: string; path: string }[],
  text: string,
): Choice[] {
  const wanted = text.trim().toLowerCase();
  const choices: Choice[] = pages
    .filter((page) => page.label.toLowerCase().includes(wanted))
    .map((page) => ({
      key: `page ${page.path}`,
      group: "pages",
      name: page.label,
      detail: "",
      path: page.path,
    }));
  const kinds = [...new Set(results.map((result) => result.kind))];
  for (const kind of kinds) {
    for (const result of results.filter((entry) => entry.kind === kind)) {
      const path = pathOf(kind, result.id);
      if (!path) continue;
      choices.push({
        key: `${kind} ${result.id}`,
        group: kind === "vulnerability" ? "vulnerabilities" : `${wordsOf(kind)}s`,
        name: result.name,
        detail: result.detail,
        path,
      });
    }
  }
  return choices;
}

function useSettled(text: string, milliseconds: number): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(text), milliseconds);
    return () => window.clearTimeout(timer);
  }, [text, milliseconds]);
  return settled;
}

/** One field that finds hosts, containers, images, vulnerabilities, packages, checks, nodes, findings and, in the palette, pages. */
export function SearchField({
  withPages,
  onGone,
  field,
  label,
}: {
  withPages: boolean;
  onGone: () => void;
  field?: RefObject<HTMLInputElement | null>;
  label: string;
}) {
  const [text, setText] = useState("");
  const [open, setOpen] = useState(withPages);
  const [chosen, setChosen] = useState(0);
  const navigate = useNavigate();
  const { can } = useSession();
  const listId = useId();
  const list = useRef<HTMLDivElement>(null);
  const asked = useSettled(text.trim(), 180);
  const answer = useItem<{ results: SearchResult[] }>(
    asked.length >= 2 ? "/search" : null,
    { q: asked },
    { keep: true },
  );
  const choices = useMemo(() => {
    const pages = withPages
      ? PAGE_GROUPS.flatMap((group) => group.pages).filter((page) => !page.needs || can(page.needs))
      : [];
    return [
      ...questionsFrom(text),
      ...choicesFrom(asked.length >= 2 ? (answer.data?.results ?? []) : [], pages, text),
    ];
  }, [answer.data, asked, withPages, can, text]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other choices start from the first
  useEffect(() => setChosen(0), [choices.length, asked]);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView?.({ block: "nearest" });
  });

  const go = (choice: Choice) => {
    const [path, query] = choice.path.split("?");
    const more = Object.fromEntries(new URLSearchParams(query));
    navigate(`${path}${carriedSearch(window.location.search, more)}`);
    setText("");
    setOpen(false);
    onGone();
  };
  const showing = open && (choices.length > 0 || asked.length >= 2);
  let group = "";
  return (
    <div className={classes.search}>
      <span className={classes.searchIcon}>
        <SearchIcon size={14} />
      </span>
      <input
        ref={field}
        className={classes.searchInput}
        role="combobox"
        aria-label={label}
        aria-expanded={showing}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={showing && choices[chosen] ? `${listId}-${chosen}` : undefined}
        placeholder={label}
        autoComplete="off"
        spellCheck={false}
        data-autofocus={withPages ? "" : undefined}
        value={text}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setOpen(true);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            event.preventDefault();
            const by = event.key === "ArrowDown" ? 1 : -1;
            if (choices.length > 0) setChosen((chosen + by + choices.length) % choices.length);
          } else if (event.key === "Enter" && choices[chosen]) {
            event.preventDefault();
            go(choices[chosen]);
          } else if (event.key === "Escape" && !withPages) {
            event.preventDefault();
            setOpen(false);
            event.currentTarget.blur();
          }
        }}
      />
      {!withPages && !text && <kbd className={classes.hint}>/</kbd>}
      <div
        className={`${classes.results} ${withPages ? classes.resultsInline : ""}`}
        hidden={!showing}
        id={listId}
        role="listbox"
        aria-label="Results"
        ref={list}
      >
        {choices.map((choice, index) => {
          const head = choice.group !== group;
          group = choice.group;
          return (
            <div key={choice.key} role="presentation">
              {head && (
                <div className={classes.resultGroup} role="presentation">
                  {choice.group}
                </div>
              )}
              {/* biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the active option */}
              {/* biome-ignore lint/a11y/useKeyWithClickEvents: the field handles the keys */}
              <div
                id={`${listId}-${index}`}
                role="option"
                aria-selected={index === chosen}
                className={classes.result}
                onPointerDown={(event) => event.preventDefault()}
                onClick={() => go(choice)}
              >
                <span>{choice.name}</span>
                <span className="soft">{choice.detail}</span>
              </div>
            </div>
          );
        })}
      </div>
      {showing && choices.length === 0 && (
        <div className={`${classes.results} ${withPages ? classes.resultsInline : ""}`} role="status">
          <div className={classes.resultGroup}>
            {answer.isError
              ? "The search could not be answered"
              : answer.isFetching || asked !== text.trim()
                ? "Searching …"
                : `Nothing found for “${asked}”`}
          </div>
        </div>
      )}
      <span className="spoken" aria-live="polite">
        {showing && choices.length > 0 ? plural(choices.length, "result", "results") : ""}
      </span>
    </div>
  );
}

export function Palette({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal.Root opened={opened} onClose={onClose} yOffset="12vh">
      <Modal.Overlay backgroundOpacity={0.5} />
      <Modal.Content aria-label="Go to">
        <Modal.Body>
          <SearchField withPages onGone={onClose} label="Go to a page, host, image, CVE, package …" />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
