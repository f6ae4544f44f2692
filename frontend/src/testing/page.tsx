import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, configure, render } from "@testing-library/react";
import type { ReactNode } from "react";
import { BrowserRouter } from "react-router";
import { afterEach, beforeEach, vi } from "vitest";
import { createQueryClient } from "../api/hooks";
import { SessionGate } from "../api/session";
import { NoticeArea } from "../ui/notices";

// What is waited for comes; how soon depends on what else the machine has to do.
configure({ asyncUtilTimeout: 15_000 });

/** What a browser has and jsdom lacks, and a clean address and store for every test. */
export function useBrowser(): void {
  beforeEach(() => {
    window.localStorage.clear();
    window.history.replaceState(null, "", "/");
    vi.stubGlobal("matchMedia", (query: string) => ({
      matches: false,
      media: query,
      addEventListener: () => undefined,
      removeEventListener: () => undefined,
      addListener: () => undefined,
      removeListener: () => undefined,
    }));
    vi.stubGlobal(
      "ResizeObserver",
      class {
        observe() {}
        unobserve() {}
        disconnect() {}
      },
    );
  });
  afterEach(() => {
    cleanup();
    vi.unstubAllGlobals();
  });
}

/** Shows a part of the application at an address, logged in. */
export function show(content: ReactNode, address = "/") {
  window.history.replaceState(null, "", address);
  return render(
    <QueryClientProvider client={createQueryClient()}>
      <MantineProvider env="test">
        <NoticeArea>
          <BrowserRouter>
            <SessionGate
              waiting={<p>waiting</p>}
              failed={(problem) => <p>{problem.title}</p>}
              login={({ ended }) => <p>{ended ? "session ended" : "please log in"}</p>}
            >
              {content}
            </SessionGate>
          </BrowserRouter>
        </NoticeArea>
      </MantineProvider>
    </QueryClientProvider>,
  );
}
