import { screen } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import type { Load } from "../api/types";
import { show, useBrowser } from "../testing/page";
import { SESSION, serve } from "../testing/server";
import { gaugePosition, gaugeText, LoadGauge } from "./loadGauge";

const MEASURED: Load = { load: 137, line: 100, coverage: 0.86, band: 190, measured: true };
const UNMEASURED: Load = { load: null, line: 100, coverage: 0, band: null, measured: false };

describe("the load gauge", () => {
  useBrowser();

  test("the line is in the middle whatever it is", () => {
    expect([gaugePosition(100, 100), gaugePosition(180, 180)]).toEqual([50, 50]);
    expect([gaugePosition(0, 100), gaugePosition(900, 100)]).toEqual([0, 100]);
  });

  test("its words hold load, line, coverage and what the load could be", () => {
    expect(gaugeText(MEASURED)).toBe("Load 137 of a line 100, coverage 86 %, could be 190");
    expect(gaugeText(UNMEASURED)).toBe("Load not measured, line 100");
  });

  test("what was not measured is never a zero", async () => {
    serve({ "GET /session": SESSION });
    show(<LoadGauge load={UNMEASURED} />);
    const gauge = await screen.findByRole("img", { name: "Load not measured, line 100" });
    expect(gauge.textContent).toBe("not measured");
  });

  test("the figure stands beside the bar", async () => {
    serve({ "GET /session": SESSION });
    show(<LoadGauge load={MEASURED} />);
    expect((await screen.findByRole("img")).textContent).toBe("137");
  });
});
