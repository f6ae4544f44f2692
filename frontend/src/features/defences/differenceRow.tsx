import { useState } from "react";
import type { Difference, DifferingValue } from "../../api/defences";
import type { AssetRef } from "../../api/types";
import { AssetLink } from "../../ui/assetLink";
import { ChevronIcon } from "../../ui/icons";
import { plural, wholeText } from "../../ui/quantities";
import { useView } from "../../url/useView";
import classes from "./defences.module.css";

const VALUES_SHOWN = 4;
const HOSTS_SHOWN = 40;

/** Whether a value is one of fewer hosts than the most common one. */
export function isMinority(value: DifferingValue, values: DifferingValue[]): boolean {
  return value.hosts.length < (values[0]?.hosts.length ?? 0);
}

function Values({ values }: { values: DifferingValue[] }) {
  if (values.length === 0) return <span className="soft">–</span>;
  const shown = values.slice(0, VALUES_SHOWN);
  return (
    <ul className={classes.values}>
      {shown.map((value) => (
        <li key={value.value} className={isMinority(value, values) ? classes.minority : classes.value}>
          <code title={value.value}>{value.value}</code>
          <span className="soft">{plural(value.hosts.length, "host", "hosts")}</span>
        </li>
      ))}
      {values.length > shown.length && (
        <li className="soft">and {wholeText(values.length - shown.length)} more values</li>
      )}
    </ul>
  );
}

function Hosts({ label, hosts }: { label: string; hosts: AssetRef[] }) {
  const [all, setAll] = useState(false);
  const shown = all ? hosts : hosts.slice(0, HOSTS_SHOWN);
  return (
    <section className={classes.valueHosts}>
      <h3>
        <code>{label}</code> <span className="soft">{plural(hosts.length, "host", "hosts")}</span>
      </h3>
      <ul>
        {shown.map((host) => (
          <li key={host.id}>
            <AssetLink asset={host} />
          </li>
        ))}
        {hosts.length > shown.length && (
          <li>
            <button type="button" className={classes.plainButton} onClick={() => setAll(true)}>
              and {wholeText(hosts.length - shown.length)} more
            </button>
          </li>
        )}
      </ul>
    </section>
  );
}

/** One setting: its values with how many hosts have each; opened, the hosts themselves. The open one is in the address. */
export function DifferenceRow({ difference }: { difference: Difference }) {
  const { view, change } = useView([]);
  const open = view.open === difference.pointer;
  const { values, not_measured: unmeasured, absent } = difference;
  return (
    <>
      <tr
        aria-label={difference.name}
        onClick={(event) => {
          if ((event.target as HTMLElement).closest("a,button") || window.getSelection()?.toString()) return;
          change({ open: open ? null : difference.pointer }, true);
        }}
      >
        <td data-first="">
          <button
            type="button"
            className={classes.setting}
            aria-expanded={open}
            onClick={() => change({ open: open ? null : difference.pointer }, true)}
          >
            <span className={open ? undefined : classes.turned}>
              <ChevronIcon size={12} />
            </span>
            {difference.name}
          </button>
        </td>
        <td data-label="Values">
          <Values values={values} />
        </td>
        <td data-label="Not measured">
          {unmeasured.length === 0 ? (
            <span className="soft">–</span>
          ) : (
            <ul className={classes.values}>
              {unmeasured.map(({ value, hosts }) => (
                <li key={value} className={classes.unmeasured}>
                  {value} <span className="soft">{plural(hosts.length, "host", "hosts")}</span>
                </li>
              ))}
            </ul>
          )}
        </td>
        <td data-label="Does not have it">
          {absent.length === 0 ? <span className="soft">–</span> : plural(absent.length, "host", "hosts")}
        </td>
      </tr>
      {open && (
        <tr className={classes.opened}>
          <td colSpan={4}>
            <div className={classes.openedBody}>
              <code className="soft">{difference.pointer}</code>
              {values.map((value) => (
                <Hosts key={value.value} label={value.value} hosts={value.hosts} />
              ))}
              {unmeasured.map(({ value, hosts }) => (
                <Hosts key={value} label={`not measured: ${value}`} hosts={hosts} />
              ))}
              {absent.length > 0 && <Hosts label="does not have it" hosts={absent} />}
            </div>
          </td>
        </tr>
      )}
    </>
  );
}
