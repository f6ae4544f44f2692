import { Button, Checkbox, Menu, Popover, Stack, TextInput } from "@mantine/core";
import { type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import type { Query } from "../../api/client";
import type { Facet } from "../../api/types";
import { curlText, exportPath } from "../../url/apiCall";
import type { View } from "../../url/view";
import { copyText } from "../copy";
import { CloseIcon, FilterIcon, SearchIcon } from "../icons";
import { useNotices } from "../notices";
import { wordsOf } from "../quantities";
import { type ListDefinition, shownColumns } from "./definition";
import classes from "./explorer.module.css";
import { SavedViews } from "./savedViews";

/** The search of one list. Typing waits for a pause; Enter does not. */
function ListSearch({
  value,
  label,
  onChange,
  field,
}: {
  value: string;
  label: string;
  onChange: (text: string) => void;
  field: RefObject<HTMLInputElement | null>;
}) {
  const [text, setText] = useState(value);
  const sent = useRef(value);
  useEffect(() => {
    if (value !== sent.current) {
      sent.current = value;
      setText(value);
    }
  }, [value]);
  useEffect(() => {
    if (text === sent.current) return;
    const timer = window.setTimeout(() => {
      sent.current = text;
      onChange(text);
    }, 350);
    return () => window.clearTimeout(timer);
  }, [text, onChange]);
  return (
    <TextInput
      ref={field}
      className={classes.listSearch}
      size="xs"
      type="search"
      aria-label={label}
      placeholder={label}
      leftSection={<SearchIcon size={14} />}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === "Enter" && text !== sent.current) {
          sent.current = text;
          onChange(text);
        }
        if (event.key === "Escape") {
          event.preventDefault();
          event.currentTarget.blur();
        }
      }}
    />
  );
}

function valueWords<Row>(
  definition: ListDefinition<Row>,
  facets: Facet[],
  name: string,
  value: string,
): string {
  const known = facets.find((facet) => facet.name === name)?.values.find((entry) => entry.value === value);
  const filter = definition.filters.find((entry) => entry.name === name);
  if (known && known.label !== value) return known.label;
  return filter?.words?.(value) ?? known?.label ?? wordsOf(value);
}

/** The filters in force, each with a way to take it off. */
function Chips<Row>({
  definition,
  facets,
  view,
  onChange,
}: {
  definition: ListDefinition<Row>;
  facets: Facet[];
  view: View;
  onChange: (change: Partial<View>) => void;
}) {
  const usual = Object.entries(definition.usualFilters ?? {}).filter(([name]) => !view.filters[name]);
  return (
    <>
      {usual.map(([name, values]) => (
        <span key={name} className={classes.filterChip} title="What this list shows unless asked otherwise">
          {wordsOf(name)}: {values.map((value) => valueWords(definition, facets, name, value)).join(", ")}
        </span>
      ))}
      {Object.entries(view.filters).map(([name, values]) => {
        const label = definition.filters.find((filter) => filter.name === name)?.label ?? wordsOf(name);
        const text = `${label.toLowerCase()}: ${values
          .map((value) => valueWords(definition, facets, name, value))
          .join(", ")}`;
        return (
          <button
            key={name}
            type="button"
            className={classes.filterChip}
            aria-label={`Take off the filter ${text}`}
            onClick={() => {
              const { [name]: _gone, ...rest } = view.filters;
              onChange({ filters: rest });
            }}
          >
            {text} <CloseIcon size={10} />
          </button>
        );
      })}
    </>
  );
}

export interface ToolbarProps<Row> {
  definition: ListDefinition<Row>;
  view: View;
  facets: Facet[];
  query: Query;
  /** The path that export and API call ask, which a grouped list may change. */
  path: string;
  chosenColumns: string[] | null;
  chooseColumns: (columns: string[] | null) => void;
  onChange: (change: Partial<View>) => void;
  searchField: RefObject<HTMLInputElement | null>;
  extra?: ReactNode;
  showFacets?: () => void;
  exportable: boolean;
  columnsOffered: boolean;
  /** The name of the list whose views can be saved, on its own page. */
  savedViewsOf?: string;
}

export function Toolbar<Row>(props: ToolbarProps<Row>) {
  const { definition, view, onChange, query, path } = props;
  const notices = useNotices();
  const [choosing, setChoosing] = useState(false);
  const shown = shownColumns(definition.columns, props.chosenColumns).map((column) => column.id);
  return (
    <div className={classes.toolbar}>
      {props.showFacets && (
        <Button
          className={classes.facetsButton}
          variant="default"
          leftSection={<FilterIcon size={14} />}
          onClick={props.showFacets}
        >
          Filters
        </Button>
      )}
      {definition.search && (
        <ListSearch
          field={props.searchField}
          value={view.search}
          label={`Search ${definition.many}`}
          onChange={(search) => onChange({ search, open: null })}
        />
      )}
      <div className={classes.chips}>
        <Chips definition={definition} facets={props.facets} view={view} onChange={onChange} />
      </div>
      <div className={classes.tools}>
        {props.extra}
        {props.savedViewsOf && <SavedViews page={props.savedViewsOf} columns={props.chosenColumns} />}
        {props.columnsOffered && (
          <Popover opened={choosing} onChange={setChoosing} position="bottom-end" withinPortal trapFocus>
            <Popover.Target>
              <Button variant="default" onClick={() => setChoosing(!choosing)} aria-expanded={choosing}>
                Columns
              </Button>
            </Popover.Target>
            <Popover.Dropdown aria-label="Columns to show">
              <Stack gap={6} className={classes.columnList}>
                {definition.columns.map((column, index) => (
                  <Checkbox
                    key={column.id}
                    size="xs"
                    label={column.title ?? column.label}
                    disabled={index === 0}
                    checked={shown.includes(column.id)}
                    onChange={(event) =>
                      props.chooseColumns(
                        event.currentTarget.checked
                          ? [...shown, column.id]
                          : shown.filter((known) => known !== column.id),
                      )
                    }
                  />
                ))}
                <Button variant="subtle" onClick={() => props.chooseColumns(null)}>
                  Usual columns
                </Button>
              </Stack>
            </Popover.Dropdown>
          </Popover>
        )}
        {props.exportable && (
          <Menu position="bottom-end" withinPortal>
            <Menu.Target>
              <Button variant="default">Export</Button>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item component="a" href={exportPath(path, query, "csv")} download>
                CSV, exactly this view
              </Menu.Item>
              <Menu.Item component="a" href={exportPath(path, query, "jsonl")} download>
                JSON lines, exactly this view
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        )}
        <Button
          variant="default"
          onClick={async () => {
            const text = curlText(window.location.origin, path, query);
            if (await copyText(text)) notices.done(`Copied: ${text}`);
            else notices.failed("The browser refused the clipboard, copy by hand", new Error(text));
          }}
        >
          As API call
        </Button>
      </div>
    </div>
  );
}
