import { Link } from "react-router";
import type { AssetRef, EnvironmentRef } from "../api/types";
import { assetPath } from "../url/paths";
import { useCarry } from "../url/scope";
import { ContainerIcon, HostIcon, ImageIcon } from "./icons";

const ICONS = { host: HostIcon, container: ContainerIcon, image: ImageIcon, cluster: HostIcon };

/** An asset by name, leading to its page, with its kind in front. */
export function AssetLink({ asset }: { asset: AssetRef | null | undefined }) {
  const to = useCarry();
  if (!asset) return <span className="soft">–</span>;
  const Icon = ICONS[asset.kind];
  const path = assetPath(asset);
  return (
    <span
      style={{ display: "inline-flex", gap: 6, alignItems: "center", verticalAlign: "bottom" }}
      title={`${asset.kind} ${asset.name}`}
    >
      <span className="soft" style={{ display: "inline-flex", flex: "none" }}>
        {Icon && <Icon size={14} />}
      </span>
      {path ? <Link to={to(path)}>{asset.name}</Link> : asset.name}
    </span>
  );
}

export function EnvironmentName({ environment }: { environment: EnvironmentRef | null | undefined }) {
  return environment ? environment.name : <span className="soft">none</span>;
}
