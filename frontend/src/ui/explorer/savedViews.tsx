import { Button, Checkbox, CloseButton, Popover, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import { useChange, useList } from "../../api/hooks";
import { asProblem, type Problem } from "../../api/problem";
import { useSession } from "../../api/session";
import type { SavedView } from "../../api/types";
import { viewQuery } from "../../url/view";
import { Loading, ProblemNote } from "../states";
import classes from "./explorer.module.css";

/** The query of the address that a saved view would keep, and whether it is the one in force. */
interface Here {
  page: string;
  query: string;
  open: (query: string) => void;
}

/** One view: opening it, and for its owner sharing and deleting it. */
function ViewRow({
  view,
  here,
  failed,
}: {
  view: SavedView;
  here: Here;
  failed: (problem: Problem) => void;
}) {
  const { me, can } = useSession();
  const change = useChange();
  const mine = view.owner.id === me.id;
  const send = (method: "PATCH" | "DELETE", body?: unknown) =>
    change
      .mutateAsync({ method, path: `/views/${view.id}`, body })
      .catch((error) => failed(asProblem(error)));
  return (
    <li className={classes.savedView}>
      <button
        type="button"
        className={classes.savedViewName}
        aria-current={view.query === here.query ? "true" : undefined}
        onClick={() => here.open(view.query)}
      >
        {view.name}
      </button>
      {mine && (can("views.share") || view.is_shared) ? (
        <Checkbox
          size="xs"
          label="Shared"
          aria-label={`Shared: ${view.name}`}
          checked={view.is_shared}
          disabled={change.isPending}
          onChange={(event) => void send("PATCH", { is_shared: event.currentTarget.checked })}
        />
      ) : (
        <span className="soft">{mine ? "private" : `by ${view.owner.username}`}</span>
      )}
      {(mine || can("views.moderate")) && (
        <CloseButton
          size="sm"
          aria-label={`Delete the view ${view.name}`}
          disabled={change.isPending}
          onClick={() => void send("DELETE")}
        />
      )}
    </li>
  );
}

/** Keeps what the list shows now under a name. One's own view of that name is replaced. */
function SaveForm({ here, views }: { here: Here; views: SavedView[] }) {
  const { me, can } = useSession();
  const change = useChange();
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const same = views.find((view) => view.owner.id === me.id && view.name === name.trim());
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setProblem(null);
    try {
      await change.mutateAsync(
        same
          ? { method: "PATCH", path: `/views/${same.id}`, body: { query: here.query } }
          : {
              method: "POST",
              path: "/views",
              body: { page: here.page, name: name.trim(), query: here.query, is_shared: shared },
            },
      );
      setName("");
      setShared(false);
    } catch (error) {
      setProblem(asProblem(error));
    }
  };
  return (
    <form onSubmit={save}>
      <Stack gap={8}>
        <TextInput
          size="xs"
          label="Save what is shown now as"
          required
          withAsterisk={false}
          maxLength={100}
          value={name}
          error={problem?.fields.name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {can("views.share") && !same && (
          <Checkbox
            size="xs"
            label="Share with everybody"
            checked={shared}
            onChange={(event) => setShared(event.currentTarget.checked)}
          />
        )}
        {problem && !problem.fields.name && <ProblemNote problem={problem} />}
        <Button type="submit" disabled={name.trim() === ""} loading={change.isPending}>
          {same ? "Replace this view" : "Save view"}
        </Button>
      </Stack>
    </form>
  );
}

function Panel({ here }: { here: Here }) {
  const list = useList<SavedView>("/views", { page: here.page, limit: 200 });
  const [problem, setProblem] = useState<Problem | null>(null);
  const views = list.data?.pages.flatMap((page) => page.results) ?? [];
  const shown = problem ?? list.error;
  return (
    <Stack gap={10} className={classes.savedViews}>
      {shown && <ProblemNote problem={shown} />}
      {list.isPending ? (
        <Loading what="views" rows={2} />
      ) : views.length > 0 ? (
        <ul className={classes.savedViewList} aria-label="Saved views">
          {views.map((view) => (
            <ViewRow key={view.id} view={view} here={here} failed={setProblem} />
          ))}
        </ul>
      ) : (
        !list.error && <p className="soft">No view of this list is saved yet.</p>
      )}
      {list.hasNextPage && (
        <Button variant="subtle" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          More views
        </Button>
      )}
      <SaveForm here={here} views={views} />
    </Stack>
  );
}

/** Views of this list that were saved, one's own and shared ones. Opening one sets the address's query. */
export function SavedViews({ page, columns }: { page: string; columns: string[] | null }) {
  const [opened, setOpened] = useState(false);
  const location = useLocation();
  const navigate = useNavigate();
  const here: Here = {
    page,
    query: viewQuery(location.search, columns),
    open: (query) => {
      setOpened(false);
      navigate({ search: query ? `?${query}` : "" });
    },
  };
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-end" withinPortal trapFocus>
      <Popover.Target>
        <Button variant="default" onClick={() => setOpened(!opened)} aria-expanded={opened}>
          Views
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Views of this list">
        <Panel here={here} />
      </Popover.Dropdown>
    </Popover>
  );
}
