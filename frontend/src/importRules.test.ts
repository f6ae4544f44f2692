import { expect, test } from "vitest";

const FILES = import.meta.glob<string>("./**/*.{ts,tsx}", { query: "?raw", import: "default", eager: true });

/** The rooms a file lies in and imports from, such as `api`, `ui` or `features/hosts`. */
function roomOf(path: string): string {
  const [first = "", second = ""] = path.replace(/^\.\//, "").split("/");
  return first === "features" ? `features/${second}` : first;
}

function importsOf(path: string, text: string): string[] {
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map((match) => match[1] ?? "");
  const base = path.replace(/^\.\//, "").split("/").slice(0, -1);
  return found.map((target) => {
    const parts = [...base];
    for (const step of target.split("/")) {
      if (step === "..") parts.pop();
      else if (step !== ".") parts.push(step);
    }
    return parts.join("/");
  });
}

function offences(allowed: (from: string, to: string) => boolean): string[] {
  return Object.entries(FILES)
    .filter(([path]) => !path.includes(".test.") && !path.startsWith("./testing/"))
    .flatMap(([path, text]) =>
      importsOf(path, text)
        .filter((target) => !allowed(roomOf(path), roomOf(target)))
        .map((target) => `${path} imports ${target}`),
    );
}

test("the files are found and their imports are read", () => {
  expect(Object.keys(FILES).length).toBeGreaterThan(80);
  expect(importsOf("./features/hosts/hostPage.tsx", 'import { a } from "../../ui/page";')).toEqual([
    "ui/page",
  ]);
  expect(importsOf("./routes.tsx", 'page(() => import("./features/hosts/hostPage"))')).toEqual([
    "features/hosts/hostPage",
  ]);
});

test("a feature never imports another feature", () => {
  expect(
    offences((from, to) => !from.startsWith("features/") || !to.startsWith("features/") || from === to),
  ).toEqual([]);
});

test("api imports nothing of ours, url only api, ui only api and url", () => {
  const below: Record<string, string[]> = { api: ["api"], url: ["url", "api"], ui: ["ui", "url", "api"] };
  expect(offences((from, to) => below[from]?.includes(to) ?? true)).toEqual([]);
});

test("only the tests import the testing room", () => {
  expect(offences((_from, to) => to !== "testing")).toEqual([]);
});
