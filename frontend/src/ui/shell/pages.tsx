import type { ReactNode } from "react";
import {
  ActionIcon,
  AffectedIcon,
  BellIcon,
  BugIcon,
  ChangeIcon,
  CheckIcon,
  ContainerIcon,
  DecisionIcon,
  EnvironmentIcon,
  FeedIcon,
  FindingIcon,
  GateIcon,
  HistoryIcon,
  HostIcon,
  ImageIcon,
  MessageIcon,
  NodeIcon,
  PackageIcon,
  PullIcon,
  RemediationIcon,
  ShieldIcon,
  TeamIcon,
  TodayIcon,
  TokenIcon,
  TrendIcon,
  UploadIcon,
  UserIcon,
} from "../icons";

export interface PageEntry {
  label: string;
  path: string;
  icon: ReactNode;
  /** The permission without which the entry is not shown. */
  needs?: string;
}

export interface PageGroup {
  label: string | null;
  pages: PageEntry[];
}

/** The pages there are, in the order of the navigation. The palette offers the same. */
export const PAGE_GROUPS: PageGroup[] = [
  { label: "Today", pages: [{ label: "Today", path: "/today", icon: <TodayIcon /> }] },
  {
    label: "Assets",
    pages: [
      { label: "Nodes", path: "/nodes", icon: <NodeIcon /> },
      { label: "Hosts", path: "/hosts", icon: <HostIcon /> },
      { label: "Containers", path: "/containers", icon: <ContainerIcon /> },
      { label: "Images", path: "/images", icon: <ImageIcon /> },
      { label: "Defences", path: "/defences", icon: <ShieldIcon /> },
    ],
  },
  {
    label: "Findings",
    pages: [
      { label: "Findings", path: "/findings", icon: <FindingIcon /> },
      { label: "Next actions", path: "/actions", icon: <ActionIcon /> },
      { label: "Decisions", path: "/decisions", icon: <DecisionIcon /> },
      { label: "Vulnerabilities", path: "/vulnerabilities", icon: <BugIcon /> },
      { label: "Packages", path: "/packages", icon: <PackageIcon /> },
      { label: "Affected?", path: "/affected", icon: <AffectedIcon /> },
    ],
  },
  {
    label: "Compliance",
    pages: [
      { label: "Checks", path: "/checks", icon: <CheckIcon /> },
      { label: "Gate", path: "/gate", icon: <GateIcon /> },
    ],
  },
  {
    label: "Insight",
    pages: [
      { label: "Trends", path: "/trends", icon: <TrendIcon /> },
      { label: "Remediation", path: "/remediation", icon: <RemediationIcon /> },
      { label: "What changed", path: "/changes", icon: <ChangeIcon /> },
    ],
  },
  {
    label: "Admin",
    pages: [
      { label: "Pulls", path: "/pulls", icon: <PullIcon /> },
      { label: "Uploads", path: "/uploads", icon: <UploadIcon /> },
      { label: "Feeds", path: "/feeds", icon: <FeedIcon /> },
      { label: "Environments", path: "/environments", icon: <EnvironmentIcon /> },
      { label: "Teams", path: "/teams", icon: <TeamIcon /> },
      { label: "Notifications", path: "/notifications", icon: <BellIcon /> },
      { label: "Messages", path: "/messages", icon: <MessageIcon /> },
      { label: "Users", path: "/users", icon: <UserIcon />, needs: "users.view" },
      { label: "Tokens", path: "/tokens", icon: <TokenIcon /> },
      { label: "Audit trail", path: "/history", icon: <HistoryIcon />, needs: "history.view" },
    ],
  },
];
