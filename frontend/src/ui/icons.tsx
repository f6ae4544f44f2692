import type { ReactNode } from "react";

/** Line icons on a 16 unit grid. They decorate a word beside them or a labelled button, and are hidden from readers. */
function icon(paths: ReactNode) {
  return function Icon({ size = 16 }: { size?: number }) {
    return (
      <svg
        width={size}
        height={size}
        viewBox="0 0 16 16"
        fill="none"
        stroke="currentColor"
        strokeWidth={1.5}
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        focusable="false"
      >
        {paths}
      </svg>
    );
  };
}

export const NodeIcon = icon(
  <>
    <circle cx="8" cy="8" r="2" />
    <path d="M8 2v4M8 10v4M2 8h4M10 8h4" />
  </>,
);
export const HostIcon = icon(
  <>
    <rect x="2" y="2.5" width="12" height="4.5" rx="1" />
    <rect x="2" y="9" width="12" height="4.5" rx="1" />
    <path d="M4.5 4.75h.01M4.5 11.25h.01" />
  </>,
);
export const ContainerIcon = icon(
  <>
    <rect x="1.5" y="4" width="13" height="8.5" rx="1" />
    <path d="M5 6.5v3.5M8 6.5v3.5M11 6.5v3.5" />
  </>,
);
export const ImageIcon = icon(<path d="M8 2 14 5 8 8 2 5zM2 8l6 3 6-3M2 11l6 3 6-3" />);
export const FindingIcon = icon(
  <>
    <path d="M8 2 14.5 13.5h-13z" />
    <path d="M8 6.5v3M8 11.5v.01" />
  </>,
);
export const CheckIcon = icon(
  <>
    <rect x="2" y="2" width="12" height="12" rx="2" />
    <path d="m5 8 2 2.2L11 6" />
  </>,
);
export const ShieldIcon = icon(
  <path d="M8 1.750 13.250 3.500v4c0 3.300-2.200 5.600-5.250 6.750C4.950 13.100 2.750 10.800 2.750 7.500v-4z" />,
);
export const BugIcon = icon(
  <>
    <path d="M5 6.5a3 3 0 0 1 6 0v3.500a3 3 0 0 1-6 0zM6 4.200 4.750 2.500M10 4.200l1.250-1.700" />
    <path d="M2 5.500 5 7M14 5.500 11 7M2 9h3M11 9h3M2.500 13 5 11.200M13.500 13 11 11.200" />
  </>,
);
export const PackageIcon = icon(
  <path d="M8 1.750 13.500 4.500v7L8 14.250 2.500 11.500v-7zM2.500 4.500 8 7.250l5.500-2.750M8 7.250v7M5.250 3.125l5.500 2.750" />,
);
export const PullIcon = icon(<path d="M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11" />);
export const EnvironmentIcon = icon(
  <>
    <circle cx="8" cy="8" r="6" />
    <path d="M2 8h12M8 2c4 4 4 8 0 12M8 2C4 6 4 10 8 14" />
  </>,
);
export const UserIcon = icon(
  <>
    <circle cx="8" cy="5" r="2.75" />
    <path d="M2.5 14c.6-3 2.7-4.5 5.5-4.5s4.9 1.5 5.5 4.5" />
  </>,
);
export const TokenIcon = icon(
  <>
    <circle cx="5" cy="11" r="2.75" />
    <path d="m7 9 6.5-6.500M10.5 5l2 2" />
  </>,
);
export const HistoryIcon = icon(
  <>
    <path d="M2.5 8a5.5 5.5 0 1 0 1.8-4.100L2.5 5.500M2.5 2.500v3h3" />
    <path d="M8 5v3.300l2 1.2" />
  </>,
);
export const SearchIcon = icon(
  <>
    <circle cx="7" cy="7" r="4.5" />
    <path d="m10.5 10.5 3.5 3.5" />
  </>,
);
export const CloseIcon = icon(<path d="m4 4 8 8M12 4l-8 8" />);
export const MenuIcon = icon(<path d="M2 4h12M2 8h12M2 12h12" />);
export const SunIcon = icon(
  <>
    <circle cx="8" cy="8" r="3" />
    <path d="M8 1.500v1.200M8 13.300v1.200M1.5 8h1.200M13.3 8h1.200M3.4 3.400l.9.9M11.7 11.700l.9.9M3.4 12.600l.9-.9M11.7 4.300l.9-.9" />
  </>,
);
export const MoonIcon = icon(<path d="M13.5 9.800A6 6 0 0 1 6.2 2.500a6 6 0 1 0 7.3 7.300z" />);
export const AutoIcon = icon(
  <>
    <circle cx="8" cy="8" r="6" />
    <path d="M8 2v12a6 6 0 0 0 0-12z" fill="currentColor" />
  </>,
);
export const ChevronIcon = icon(<path d="m4 6 4 4 4-4" />);
export const PlusIcon = icon(<path d="M8 3v10M3 8h10" />);
export const CopyIcon = icon(
  <>
    <rect x="5.5" y="5.5" width="8" height="8" rx="1.2" />
    <path d="M10.5 5.500v-2a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2" />
  </>,
);
export const CheckedIcon = icon(<path d="m3 8.500 3.500 3.500L13 4.500" />);
export const SidebarIcon = icon(
  <>
    <rect x="2" y="2.5" width="12" height="11" rx="1.5" />
    <path d="M6 2.500v11" />
  </>,
);
export const FilterIcon = icon(<path d="M2 3.500h12M4.5 8h7M6.5 12.500h3" />);
export const OpenIcon = icon(<path d="M6 3H3v10h10v-3M9 2.500h4.500V7M13.5 2.5 7.5 8.5" />);
export const UploadIcon = icon(<path d="M8 10.500V2.500M4.5 6 8 2.500 11.5 6M2.5 13.500h11" />);
export const FeedIcon = icon(
  <path d="M3 13.500v-.01M3 9a4.500 4.500 0 0 1 4.500 4.500M3 5a8.500 8.500 0 0 1 8.500 8.500" />,
);
export const AffectedIcon = icon(
  <>
    <circle cx="8" cy="8" r="6" />
    <circle cx="8" cy="8" r="2.500" />
    <path d="M8 .800v3M8 12.200v3M.8 8h3M12.200 8h3" />
  </>,
);
export const GateIcon = icon(
  <path d="M2.500 14V3M13.500 14V3M2.500 6.500h11M2.500 10.500h11M6 6.500v4M10 6.500v4" />,
);
export const DecisionIcon = icon(
  <path d="M8 1.500 13 4v4c0 3-2 5-5 6.500C5 13 3 11 3 8V4zM5.500 8l2 2 3-3.500" />,
);
export const TeamIcon = icon(
  <path d="M5.500 7.500a2.300 2.300 0 1 0 0-4.600 2.300 2.300 0 0 0 0 4.600zM1.500 13c.3-2.300 1.900-3.500 4-3.500s3.700 1.200 4 3.500M11 7.200a2 2 0 1 0-.6-3.900M11.800 9.600c1.500.3 2.500 1.500 2.700 3.400" />,
);
export const TodayIcon = icon(<path d="M8 2v2M8 12v2M2 8h2M12 8h2M5 8a3 3 0 1 1 6 0 3 3 0 0 1-6 0z" />);
export const ActionIcon = icon(<path d="M9 1.500 3.500 9H8l-1 5.500L12.500 7H8z" />);
export const TrendIcon = icon(<path d="M2 13.500h12M2.500 11 6 7l3 2.500L13.500 4" />);
export const RemediationIcon = icon(<path d="M2.500 2.500v11h11M5 6l3 3.500 2-1.500 3 4M6 13.500" />);
export const BellIcon = icon(
  <path d="M4 11.500V7a4 4 0 0 1 8 0v4.500M2.500 11.500h11M6.500 13.500a1.600 1.600 0 0 0 3 0M8 1.500v1.500" />,
);
export const MessageIcon = icon(
  <>
    <rect x="1.5" y="3.5" width="13" height="9" rx="1" />
    <path d="m2 4.500 6 4.500 6-4.500" />
  </>,
);
export const ChangeIcon = icon(<path d="M2.500 5.500h9L9 3M13.500 10.500h-9L7 13" />);
