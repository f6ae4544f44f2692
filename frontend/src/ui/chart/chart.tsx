import { Button, Group, useComputedColorScheme } from "@mantine/core";
import type { EChartsCoreOption } from "echarts/core";
import { useEffect, useRef, useState } from "react";
import { pageClasses } from "../page";
import { ScrollFrame } from "../scrollFrame";
import { Loading } from "../states";
import classes from "./chart.module.css";
import { csvOf, isAlone, type Mark, marksByDay, rowsOf, type Series } from "./series";

type Engine = typeof import("./engine");
type Instance = ReturnType<Engine["init"]>;

/** A colour token as the page shows it now; canvases know no variables. */
function colourOf(token: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(token).trim() || "#808080";
}

function optionOf(days: string[], series: Series[], unit: string, marks: Mark[]): EChartsCoreOption {
  const ink = colourOf("--ink-soft");
  const border = colourOf("--border");
  return {
    animation: false,
    aria: { enabled: true, label: { enabled: true } },
    color: series.map((one) => colourOf(one.colour)),
    grid: { left: 48, right: 16, top: 32, bottom: 48 },
    legend: { top: 0, left: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, textStyle: { color: ink } },
    // As text in the canvas: an HTML tooltip would need styles that the content security policy forbids.
    tooltip: {
      trigger: "axis",
      renderMode: "richText",
      backgroundColor: colourOf("--raised"),
      borderColor: border,
      textStyle: { color: colourOf("--ink") },
      valueFormatter: (value: unknown) =>
        typeof value === "number" ? `${Math.abs(Math.round(value * 10) / 10)}${unit}` : "–",
    },
    dataZoom: [
      { type: "inside" },
      { type: "slider", height: 16, bottom: 6, borderColor: border, textStyle: { color: ink } },
    ],
    xAxis: {
      type: "category",
      data: days,
      axisLabel: { color: ink },
      axisLine: { lineStyle: { color: border } },
    },
    yAxis: {
      type: "value",
      axisLabel: { color: ink, formatter: (value: number) => `${Math.abs(value)}${unit}` },
      splitLine: { lineStyle: { color: border } },
    },
    series: series.map((one, index) => ({
      name: one.name,
      type: one.kind === "bar" ? "bar" : "line",
      stack: one.stack,
      data: one.values,
      connectNulls: false,
      symbol: "circle",
      showAllSymbol: true, // not only at the days that are labelled
      symbolSize: (_: unknown, point: { dataIndex: number }) =>
        isAlone(one.values, point.dataIndex) ? 6 : 0,
      areaStyle: one.kind === "area" ? { opacity: 0.55 } : undefined,
      lineStyle: one.kind === "bar" ? undefined : { width: 2, type: one.dashed ? "dashed" : "solid" },
      markLine: index === 0 && marks.length > 0 ? linesOf(days, marks, ink) : undefined,
    })),
  };
}

/** A line at each day that is marked, whose head tells what happened. */
function linesOf(days: string[], marks: Mark[], ink: string) {
  return {
    symbol: ["none", "diamond"],
    symbolSize: 9,
    label: { show: false },
    lineStyle: { color: ink, width: 1, type: "dotted" },
    itemStyle: { color: ink },
    tooltip: { trigger: "item", formatter: ({ name }: { name: string }) => name },
    data: [...marksByDay(marks)]
      .filter(([day]) => days.includes(day))
      .map(([day, texts]) => ({
        xAxis: day,
        name: [day, ...texts.slice(0, 8), ...(texts.length > 8 ? [`and ${texts.length - 8} more`] : [])].join(
          "\n",
        ),
      })),
  };
}

const NO_MARKS: Mark[] = [];

function save(name: string, address: string) {
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
}

/** A chart over days, or other steps, with its table, its files, and the rows behind each point. */
export function Chart({
  title,
  says,
  days,
  series,
  marks = NO_MARKS,
  step = "Day",
  unit = "",
  height = 280,
  onPick,
}: {
  title: string;
  says?: string;
  days: string[];
  series: Series[];
  marks?: Mark[];
  /** What one step is, as the head of the table. */
  step?: string;
  unit?: string;
  height?: number;
  /** Called with the day that was clicked. */
  onPick?: (day: string) => void;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const chart = useRef<Instance | null>(null);
  const [engine, setEngine] = useState<Engine | null>(null);
  const [asTable, setAsTable] = useState(false);
  const scheme = useComputedColorScheme();
  const name = title.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");

  useEffect(() => {
    let here = true;
    void import("./engine").then((loaded) => here && setEngine(loaded));
    return () => {
      here = false;
    };
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are other ones in another scheme
  useEffect(() => {
    const place = frame.current;
    if (!engine || !place || asTable) return;
    const made = engine.init(place, undefined, { renderer: "canvas" });
    chart.current = made;
    made.setOption(optionOf(days, series, unit, marks));
    if (onPick) {
      made.getZr().on("click", (event) => {
        const at = made.convertFromPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY]);
        const day = Array.isArray(at) ? days[Math.round(Number(at[0]))] : undefined;
        if (day && made.containPixel({ gridIndex: 0 }, [event.offsetX, event.offsetY])) onPick(day);
      });
    }
    const watch = new ResizeObserver(() => made.resize());
    watch.observe(place);
    return () => {
      watch.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, [engine, days, series, unit, marks, asTable, scheme, onPick]);

  const marked = marksByDay(marks);
  const image = () => {
    if (!chart.current) return;
    save(`${name}.png`, chart.current.getDataURL({ pixelRatio: 2, backgroundColor: colourOf("--panel") }));
  };
  const drawing = () => {
    if (!engine) return;
    const apart = engine.init(null, undefined, { renderer: "svg", ssr: true, width: 960, height: 360 });
    apart.setOption(optionOf(days, series, unit, marks));
    const blob = new Blob([apart.renderToSVGString()], { type: "image/svg+xml" });
    apart.dispose();
    saveBlob(`${name}.svg`, blob);
  };
  return (
    <figure className={classes.chart} aria-label={title}>
      <figcaption className={classes.head}>
        <div>
          <h2>{title}</h2>
          {says && <span className="soft">{says}</span>}
        </div>
        <Group gap={4}>
          <Button size="compact-xs" variant="default" onClick={() => setAsTable(!asTable)}>
            {asTable ? "Chart" : "Table"}
          </Button>
          <Button
            size="compact-xs"
            variant="default"
            onClick={() =>
              saveBlob(
                `${name}.csv`,
                new Blob([csvOf(days, series, step.toLowerCase(), marks)], { type: "text/csv" }),
              )
            }
          >
            CSV
          </Button>
          <Button size="compact-xs" variant="default" disabled={asTable || !engine} onClick={image}>
            PNG
          </Button>
          <Button size="compact-xs" variant="default" disabled={!engine} onClick={drawing}>
            SVG
          </Button>
        </Group>
      </figcaption>
      {asTable ? (
        <ScrollFrame className={classes.table} label={`${title}, as a table`}>
          <table className={pageClasses.table}>
            <thead>
              <tr>
                <th scope="col">{step}</th>
                {series.map((one) => (
                  <th key={one.name} scope="col" className={pageClasses.number}>
                    {one.name}
                  </th>
                ))}
                {marks.length > 0 && <th scope="col">What happened</th>}
              </tr>
            </thead>
            <tbody>
              {(step === "Day" ? rowsOf(days, series).reverse() : rowsOf(days, series)).map(
                ([day, ...values]) => (
                  <tr key={day}>
                    <td>{day}</td>
                    {values.map((value, index) => (
                      <td key={series[index]?.name} className={pageClasses.number}>
                        {value || <span className="soft">–</span>}
                      </td>
                    ))}
                    {marks.length > 0 && <td>{marked.get(day ?? "")?.join("; ")}</td>}
                  </tr>
                ),
              )}
            </tbody>
          </table>
        </ScrollFrame>
      ) : (
        <div style={{ height }}>
          {engine ? (
            <div ref={frame} className={classes.canvas} style={{ height }} role="img" aria-label={title} />
          ) : (
            <Loading what="the chart" rows={4} />
          )}
        </div>
      )}
    </figure>
  );
}

function saveBlob(name: string, blob: Blob) {
  const address = URL.createObjectURL(blob);
  save(name, address);
  window.setTimeout(() => URL.revokeObjectURL(address), 1000);
}
