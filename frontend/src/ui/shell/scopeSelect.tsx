import { Menu } from "@mantine/core";
import { useItem } from "../../api/hooks";
import { useSession } from "../../api/session";
import type { Environment, EnvironmentRef, Page } from "../../api/types";
import { useScope } from "../../url/scope";
import { ChevronIcon } from "../icons";
import classes from "./shell.module.css";

/** The environments that the person may see: their own, or all that exist. */
export function useEnvironments(): EnvironmentRef[] {
  const { me } = useSession();
  const all = useItem<Page<Environment>>(me.environments === null ? "/environments" : null, { limit: 200 });
  return me.environments ?? all.data?.results ?? [];
}

/** What the `environment` filter of every list takes. */
export function environmentValue(environment: EnvironmentRef): string {
  return String(environment.id);
}

export function ScopeSelect() {
  const environments = useEnvironments();
  const { environment, setEnvironment } = useScope();
  const chosen = (environment ?? "").split(",").filter(Boolean);
  const names = chosen.map(
    (value) =>
      environments.find((known) => environmentValue(known) === value || known.slug === value)?.name ?? value,
  );
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <button type="button" className={classes.control}>
          <span>
            Scope <strong>{names.length > 0 ? names.join(", ") : "all environments"}</strong>
          </span>
          <ChevronIcon size={12} />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => setEnvironment(null)}>All environments</Menu.Item>
        {environments.map((known) => (
          <Menu.Item key={known.id} onClick={() => setEnvironment(environmentValue(known))}>
            {known.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
