import { Tabs } from "@mantine/core";
import type { ReactNode } from "react";
import { useAddressValue } from "../url/useView";
import classes from "./page.module.css";

export interface Tab {
  id: string;
  label: ReactNode;
  content: ReactNode;
}

/**
 * The tabs of a page. The open one is in the address; a list's state does not follow to another tab, but for the
 * names in `keep`.
 */
export function PageTabs({
  tabs,
  label,
  keep = [],
  fill = false,
}: {
  tabs: Tab[];
  label: string;
  keep?: string[];
  /** Whether the open tab takes the rest of the screen and scrolls inside. */
  fill?: boolean;
}) {
  const [asked, setTab] = useAddressValue("tab");
  const shown = tabs.find((tab) => tab.id === asked) ?? tabs[0];
  if (!shown) return null;
  return (
    <Tabs
      value={shown.id}
      keepMounted={false}
      className={fill ? classes.filling : undefined}
      onChange={(next) => {
        const params = new URLSearchParams(window.location.search);
        const kept = ["as_of", "tab", ...keep];
        const others = [...params.keys()].filter((name) => !kept.includes(name));
        setTab(next === tabs[0]?.id ? null : next, others);
      }}
    >
      <Tabs.List aria-label={label}>
        {tabs.map((tab) => (
          <Tabs.Tab key={tab.id} value={tab.id}>
            {tab.label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map((tab) => (
        <Tabs.Panel
          key={tab.id}
          value={tab.id}
          pt="md"
          className={fill && tab.id === shown.id ? classes.filling : undefined}
        >
          {tab.id === shown.id && tab.content}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
