import { Stack } from "@mantine/core";
import { Link } from "react-router";
import { useItem } from "../../api/hooks";
import type { ImageDetail } from "../../api/types";
import type { ImageBuild } from "../../api/vulnerabilities";
import { AssetLink } from "../../ui/assetLink";
import { Moment } from "../../ui/moment";
import { Facts, Panel, pageClasses } from "../../ui/page";
import { bytesText, plural, wholeText } from "../../ui/quantities";
import { SeverityTally } from "../../ui/severity";
import { Empty, Loading, ProblemNote } from "../../ui/states";
import { useCarry, useScope } from "../../url/scope";
import classes from "./images.module.css";

export function useBuild(id: string) {
  const { asOf } = useScope();
  return useItem<ImageBuild>(`/images/${id}/build`, { as_of: asOf });
}

/** The image that this one rests on, and what mending it would close. */
export function BasePanel({ build }: { build: ImageBuild }) {
  const { base } = build;
  return (
    <Panel title="Base image" aside="a guess by its layers">
      {base ? (
        <Facts
          facts={[
            ["Rests on", <AssetLink key="base" asset={{ kind: "image", id: base.id, name: base.name }} />],
            ["Its layers here", `the lowest ${wholeText(base.layers)} of ${wholeText(layerCount(build))}`],
            ["Packages from it", wholeText(base.packages)],
            ["A mended base would close", <SeverityTally key="closes" counts={base.closes} />],
          ]}
        />
      ) : (
        <p className="soft">
          No other image that is known here has its first layers, so what it was built on cannot be told.
        </p>
      )}
    </Panel>
  );
}

function layerCount(build: ImageBuild): number {
  return build.layers.filter((layer) => layer.place >= 0).length;
}

function LayerTable({ build, id }: { build: ImageBuild; id: string }) {
  const to = useCarry();
  if (build.layers.length === 0) return <Empty title="The layers of this image were not told" />;
  const told = build.layers.some((layer) => layer.created_by !== null);
  return (
    <Panel
      title="Layers"
      aside={told ? "lowest first" : "which step made which layer cannot be told from its history"}
    >
      <div className={pageClasses.frame}>
        <table className={pageClasses.table} aria-label="Layers">
          <thead>
            <tr>
              <th scope="col" className={pageClasses.number}>
                Layer
              </th>
              <th scope="col">Made by</th>
              <th scope="col" className={pageClasses.number}>
                Size
              </th>
              <th scope="col" className={pageClasses.number}>
                Packages
              </th>
              <th scope="col">Open findings</th>
            </tr>
          </thead>
          <tbody>
            {build.layers.map((layer) => {
              const ofBase = build.base !== null && layer.place >= 0 && layer.place < build.base.layers;
              return (
                <tr key={layer.place} className={ofBase ? classes.of_base : undefined}>
                  <td className={pageClasses.number}>{layer.place < 0 ? "–" : layer.place + 1}</td>
                  <td>
                    {layer.place < 0 ? (
                      <span className="soft">what no layer is known for</span>
                    ) : (
                      <code className={classes.command} title={layer.digest}>
                        {layer.created_by ?? `${layer.digest.slice(0, 19)} …`}
                      </code>
                    )}
                    {ofBase && <span className="soft">of the base image</span>}
                  </td>
                  <td className={pageClasses.number}>{bytesText(layer.size_bytes)}</td>
                  <td className={pageClasses.number}>
                    {build.packages === null ? (
                      <span className="soft">not listed</span>
                    ) : (
                      wholeText(layer.packages)
                    )}
                  </td>
                  <td>
                    <SeverityTally counts={layer.severity_counts} />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      {build.packages !== null && (
        <p>
          <Link to={to(`/images/${id}`, { tab: "packages" })}>
            {plural(build.packages, "package", "packages")} with their layers
          </Link>
        </p>
      )}
    </Panel>
  );
}

function Configuration({ build }: { build: ImageBuild }) {
  return (
    <Panel title="What its configuration says">
      {build.is_configuration_known ? (
        <Facts
          facts={[
            ["User", build.user || "root (not set)"],
            ["Health check", build.has_healthcheck ? "defined" : "none"],
            ["Built", <Moment key="built" at={build.created_at} never="unknown" />],
            ["Secrets seen", build.secrets.length === 0 ? "none" : wholeText(build.secrets.length)],
          ]}
        />
      ) : (
        <p className="soft">
          Only reports tell of this image; its configuration is read when an engine that stores it is pulled.
        </p>
      )}
      {build.secrets.length > 0 && (
        <ul className={classes.secrets}>
          {build.secrets.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function History({ image }: { image: ImageDetail }) {
  const steps = image.history ?? [];
  if (steps.length === 0) return null;
  return (
    <Panel title="How it was built" aside="every step, newest first">
      <details>
        <summary>{plural(steps.length, "step", "steps")}</summary>
        <div className={pageClasses.frame}>
          <table className={pageClasses.table} aria-label="History">
            <thead>
              <tr>
                <th scope="col">Step</th>
                <th scope="col" className={pageClasses.number}>
                  Size
                </th>
                <th scope="col">When</th>
              </tr>
            </thead>
            <tbody>
              {steps.map((step, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the steps of one image never change their order
                <tr key={index}>
                  <td>
                    <code className={classes.command}>{step.created_by || "(nothing said)"}</code>
                  </td>
                  <td className={pageClasses.number}>{bytesText(step.size_bytes)}</td>
                  <td>
                    <Moment at={step.created_at} never="unknown" />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </Panel>
  );
}

/** How the image is built: base, layers with what each brought, configuration and history. */
export function ImageLayers({ image }: { image: ImageDetail }) {
  const id = String(image.id);
  const query = useBuild(id);
  const build = query.data;
  if (!build) {
    return query.error ? (
      <ProblemNote problem={query.error} retry={() => void query.refetch()} />
    ) : (
      <Loading what="the layers" />
    );
  }
  return (
    <Stack gap="md">
      {query.error && <ProblemNote problem={query.error} retry={() => void query.refetch()} />}
      <BasePanel build={build} />
      <LayerTable build={build} id={id} />
      <Configuration build={build} />
      <History image={image} />
    </Stack>
  );
}
