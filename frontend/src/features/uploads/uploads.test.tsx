import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { serveForms } from "../../testing/forms";
import { show, useBrowser } from "../../testing/page";
import { list, SESSION, serve, sessionThatMay } from "../../testing/server";
import { imageOptions } from "./aboutInputs";
import { UploadsPage } from "./uploadsPage";
import { refusalOf } from "./useSending";

const DONE = {
  id: 1,
  file_name: "web.json",
  size_bytes: 2048,
  digest: "a".repeat(64),
  source: "upload",
  uploaded_by: "ada",
  about: null,
  state: "partial",
  cancel_requested: false,
  reader: "Trivy JSON",
  images: 1,
  findings: 12,
  opened: 3,
  reopened: 0,
  resolved: 2,
  skipped_total: 2,
  error: "",
  uploaded_at: "2026-03-03T09:00:00Z",
  started_at: "2026-03-03T09:00:01Z",
  finished_at: "2026-03-03T09:00:04Z",
};
const RUNNING = { ...DONE, id: 2, file_name: "all.zip", state: "running", finished_at: null };

function routes(rows: unknown[], session = sessionThatMay("reports.send")) {
  return {
    "GET /session": session,
    "GET /meta": () => ({ body: { upload_max_bytes: 1000 } }),
    "GET /uploads/facets": () => ({ body: { facets: [] } }),
    "GET /uploads": () => list(rows),
  };
}

function reports(...files: [name: string, text: string][]): File[] {
  return files.map(([name, text]) => new File([text], name));
}

describe("uploads", () => {
  useBrowser();

  test("an upload says what came of it, and its panel what could not be read and why", async () => {
    serve({
      ...routes([DONE]),
      "GET /uploads/1": () => ({
        body: {
          ...DONE,
          skipped: [{ kind: "package", where: "Results[0].Packages[7]", reason: "It has no version." }],
        },
      }),
    });
    const user = userEvent.setup();
    show(<UploadsPage />, "/uploads");
    const row = (await screen.findByRole("link", { name: "web.json" })).closest("tr");
    expect(row?.textContent).toContain("partly read");
    expect(row?.textContent).toContain("ada, browser or API");
    expect(row?.textContent).toContain("3.0 s");
    await user.click(screen.getByRole("link", { name: "web.json" }));
    expect(await screen.findByText("It has no version.")).toBeTruthy();
    expect(screen.getByText("Skipped 2")).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Cancel" })).toBeNull();
  });

  test("a running one is cancelled from its panel and says so until it has ended", async () => {
    let running = { ...RUNNING, skipped: [], skipped_total: 0 };
    const calls = serve({
      ...routes([RUNNING]),
      "GET /uploads/2": () => ({ body: running }),
      "POST /uploads/2/cancel": () => {
        running = { ...running, cancel_requested: true };
        return { body: running };
      },
    });
    const user = userEvent.setup();
    show(<UploadsPage />, "/uploads?open=2");
    await user.click(await screen.findByRole("button", { name: "Cancel" }));
    expect((await screen.findByRole("button", { name: "Cancelling …" })).hasAttribute("disabled")).toBe(true);
    expect(calls.some((call) => call.method === "POST")).toBe(true);
    const asked = () => calls.filter((call) => call.path === "/uploads/2").length;
    const before = asked();
    await waitFor(() => expect(asked()).toBeGreaterThan(before));
  });

  test("files are sent one after the other; what is refused keeps the dialog and says why beside its name", async () => {
    serve(routes([]));
    const sent = serveForms(({ file }) =>
      file.name === "odd.json"
        ? { status: 400, body: { title: "Bad request", detail: "There is no such image." } }
        : { status: 202, body: DONE },
    );
    const user = userEvent.setup();
    show(<UploadsPage />, "/uploads");
    await user.click((await screen.findAllByRole("button", { name: "Send reports" }))[0] as HTMLElement);
    const dialog = await screen.findByRole("dialog");
    const large = "x".repeat(1001);
    await user.upload(
      within(dialog).getByLabelText(/Choose files/),
      reports(["web.json", "{}"], ["odd.json", "{}"], ["empty.json", ""], ["large.json", large]),
    );
    const files = within(within(dialog).getByRole("list", { name: "Files" }));
    const line = (name: string) => files.getByText(name).closest("li");
    expect(line("empty.json")?.textContent).toContain("It is empty");
    expect(line("large.json")?.textContent).toContain("larger than 1,000 B");
    await user.click(within(dialog).getByRole("button", { name: "Send 2 files" }));
    await waitFor(() => expect(line("odd.json")?.textContent).toContain("There is no such image."));
    expect(line("web.json")?.textContent).toContain("sent");
    expect(sent.map(({ file }) => file.name)).toEqual(["web.json", "odd.json"]);
    expect(sent[0]?.address).toBe("/api/v1/uploads");
    expect(sent[0]?.fields).toEqual({});
    expect(Object.keys(sent[0]?.headers ?? {})).toContain("X-CSRFToken");
    await user.click(within(dialog).getByRole("button", { name: "Take odd.json off the list" }));
    expect(files.queryByText("odd.json")).toBeNull();
  });

  test("what all were taken in of closes the dialog, and the host that they are about goes along", async () => {
    serve({ ...routes([]), "GET /hosts": () => list([{ id: 12, name: "quay-1" }]) });
    const sent = serveForms(() => ({ status: 202, body: DONE }));
    const user = userEvent.setup();
    show(<UploadsPage />, "/uploads?add=report");
    const dialog = await screen.findByRole("dialog");
    await user.upload(within(dialog).getByLabelText(/Choose files/), reports(["bench.json", "{}"]));
    await user.click(within(dialog).getByRole("radio", { name: "a host" }));
    const send = within(dialog).getByRole("button", { name: "Send" });
    expect(send.hasAttribute("disabled")).toBe(true);
    await user.click(within(dialog).getByRole("combobox", { name: "Host" }));
    await user.click(await screen.findByRole("option", { name: "quay-1", hidden: true }));
    await user.click(send);
    expect(await screen.findByText(/1 report was sent/)).toBeTruthy();
    expect(sent[0]?.fields).toEqual({ host: "12" });
    await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
  });

  test("files dropped on the page open the dialog with them", async () => {
    serve(routes([DONE]));
    show(<UploadsPage />, "/uploads");
    await screen.findByRole("link", { name: "web.json" });
    const dataTransfer = { types: ["Files"], files: reports(["grype.json", "{}"]) };
    fireEvent.dragEnter(document.body, { dataTransfer });
    expect(screen.getByText(/Let go to send/)).toBeTruthy();
    fireEvent.drop(document.body, { dataTransfer });
    expect(screen.queryByText(/Let go to send/)).toBeNull();
    expect(await within(await screen.findByRole("dialog")).findByText("grype.json")).toBeTruthy();
  });

  test("who may not send sees the list and neither button nor dialog", async () => {
    const calls = serve(routes([DONE], SESSION));
    show(<UploadsPage />, "/uploads?add=report");
    await screen.findByRole("link", { name: "web.json" });
    expect(screen.queryByRole("button", { name: "Send reports" })).toBeNull();
    expect(screen.queryByRole("dialog")).toBeNull();
    expect(calls.some((call) => call.path === "/meta")).toBe(false);
  });
});

test("a file is refused before it is sent only for what is known", () => {
  expect(refusalOf({ size: 5000 }, null)).toBeNull();
  expect(refusalOf({ size: 5000 }, 5000)).toBeNull();
  expect(refusalOf({ size: 5001 }, 5000)?.code).toBe("too_large");
  expect(refusalOf({ size: 0 }, null)?.code).toBe("empty");
});

test("an image that no search finds can be named by what was typed", () => {
  const found = [{ name: "nginx:1.27", digest: `sha256:${"b".repeat(64)}` }];
  expect(imageOptions(found, "").map(({ label }) => label)).toEqual([`nginx:1.27 (${"b".repeat(12)})`]);
  expect(imageOptions(found, "nginx").at(-1)).toEqual({ value: "nginx", label: "as typed: nginx" });
  expect(imageOptions(found, found[0]?.digest ?? "")).toHaveLength(1);
});
