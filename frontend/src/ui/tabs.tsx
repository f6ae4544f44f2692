import { Tabs } from "@mantine/core";
import type { ReactNode } from "react";
import { useAddressValue } from "../url/useView";

export interface Tab {
  id: string;
  label: ReactNode;
  content: ReactNode;
}

/** The tabs of a detail page. The open one is in the address; a list's state does not follow to another tab. */
export function PageTabs({ tabs, label }: { tabs: Tab[]; label: string }) {
  const [asked, setTab] = useAddressValue("tab");
  const shown = tabs.find((tab) => tab.id === asked) ?? tabs[0];
  if (!shown) return null;
  return (
    <Tabs
      value={shown.id}
      keepMounted={false}
      onChange={(next) => {
        const params = new URLSearchParams(window.location.search);
        const others = [...params.keys()].filter((name) => name !== "as_of" && name !== "tab");
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
        <Tabs.Panel key={tab.id} value={tab.id} pt="md">
          {tab.id === shown.id && tab.content}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}
