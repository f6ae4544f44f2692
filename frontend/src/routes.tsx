import { type ComponentType, lazy, Suspense } from "react";
import { Navigate, Route, Routes } from "react-router";
import { PageFrame } from "./ui/page";
import { Empty, Loading } from "./ui/states";
import { carriedSearch } from "./url/scope";

/** A page in its own file of code, fetched when it is first shown. */
function page<Name extends string>(load: () => Promise<Record<Name, ComponentType>>, name: Name) {
  return lazy(async () => ({ default: (await load())[name] }));
}

const TodayPage = page(() => import("./features/today/todayPage"), "TodayPage");
const ActionsPage = page(() => import("./features/actions/actionsPage"), "ActionsPage");
const TrendsPage = page(() => import("./features/trends/trendsPage"), "TrendsPage");
const RemediationPage = page(() => import("./features/trends/remediationPage"), "RemediationPage");
const ChangesPage = page(() => import("./features/changes/changesPage"), "ChangesPage");
const NodesPage = page(() => import("./features/nodes/nodesPage"), "NodesPage");
const NodePage = page(() => import("./features/nodes/nodePage"), "NodePage");
const EnrolmentPage = page(() => import("./features/enrolment/enrolmentPage"), "EnrolmentPage");
const HostsPage = page(() => import("./features/hosts/hostsPage"), "HostsPage");
const HostPage = page(() => import("./features/hosts/hostPage"), "HostPage");
const ContainersPage = page(() => import("./features/containers/containersPage"), "ContainersPage");
const ContainerPage = page(() => import("./features/containers/containerPage"), "ContainerPage");
const ImagesPage = page(() => import("./features/images/imagesPage"), "ImagesPage");
const ImagePage = page(() => import("./features/images/imagePage"), "ImagePage");
const DefencesPage = page(() => import("./features/defences/defencesPage"), "DefencesPage");
const FindingsPage = page(() => import("./features/findings/findingsPage"), "FindingsPage");
const DecisionsPage = page(() => import("./features/decisions/decisionsPage"), "DecisionsPage");
const TeamsPage = page(() => import("./features/teams/teamsPage"), "TeamsPage");
const VulnerabilitiesPage = page(
  () => import("./features/vulnerabilities/vulnerabilitiesPage"),
  "VulnerabilitiesPage",
);
const VulnerabilityPage = page(
  () => import("./features/vulnerabilities/vulnerabilityPage"),
  "VulnerabilityPage",
);
const PackagesPage = page(() => import("./features/packages/packagesPage"), "PackagesPage");
const PackagePage = page(() => import("./features/packages/packagePage"), "PackagePage");
const AffectedPage = page(() => import("./features/affected/affectedPage"), "AffectedPage");
const ChecksPage = page(() => import("./features/checks/checksPage"), "ChecksPage");
const CheckPage = page(() => import("./features/checks/checkPage"), "CheckPage");
const GatePage = page(() => import("./features/gate/gatePage"), "GatePage");
const PullsPage = page(() => import("./features/pulls/pullsPage"), "PullsPage");
const PullPage = page(() => import("./features/pulls/pullPage"), "PullPage");
const UploadsPage = page(() => import("./features/uploads/uploadsPage"), "UploadsPage");
const FeedsPage = page(() => import("./features/feeds/feedsPage"), "FeedsPage");
const EnvironmentsPage = page(() => import("./features/environments/environmentsPage"), "EnvironmentsPage");
const NotificationsPage = page(
  () => import("./features/notifications/notificationsPage"),
  "NotificationsPage",
);
const MessagesPage = page(() => import("./features/notifications/messagesPage"), "MessagesPage");
const UsersPage = page(() => import("./features/users/usersPage"), "UsersPage");
const TokensPage = page(() => import("./features/tokens/tokensPage"), "TokensPage");
const HistoryPage = page(() => import("./features/history/historyPage"), "HistoryPage");
const ProfilePage = page(() => import("./features/session/profilePage"), "ProfilePage");

function NotFound() {
  return (
    <PageFrame title="There is no such page">
      <Empty title="Nothing lives at this address">The navigation at the left lists every page.</Empty>
    </PageFrame>
  );
}

export function AppRoutes() {
  return (
    <Suspense fallback={<Loading what="the page" />}>
      <Routes>
        <Route
          path="/"
          element={<Navigate to={`/today${carriedSearch(window.location.search)}`} replace />}
        />
        <Route path="/today" element={<TodayPage />} />
        <Route path="/actions" element={<ActionsPage />} />
        <Route path="/trends" element={<TrendsPage />} />
        <Route path="/remediation" element={<RemediationPage />} />
        <Route path="/changes" element={<ChangesPage />} />
        <Route path="/nodes" element={<NodesPage />} />
        <Route path="/nodes/enrolment" element={<EnrolmentPage />} />
        <Route path="/nodes/:id" element={<NodePage />} />
        <Route path="/hosts" element={<HostsPage />} />
        <Route path="/hosts/:id" element={<HostPage />} />
        <Route path="/containers" element={<ContainersPage />} />
        <Route path="/containers/:id" element={<ContainerPage />} />
        <Route path="/images" element={<ImagesPage />} />
        <Route path="/images/:id" element={<ImagePage />} />
        <Route path="/defences" element={<DefencesPage />} />
        <Route path="/findings" element={<FindingsPage />} />
        <Route path="/decisions" element={<DecisionsPage />} />
        <Route path="/vulnerabilities" element={<VulnerabilitiesPage />} />
        <Route path="/vulnerabilities/:id" element={<VulnerabilityPage />} />
        <Route path="/packages" element={<PackagesPage />} />
        <Route path="/packages/:id" element={<PackagePage />} />
        <Route path="/affected" element={<AffectedPage />} />
        <Route path="/checks" element={<ChecksPage />} />
        <Route path="/checks/:id" element={<CheckPage />} />
        <Route path="/gate" element={<GatePage />} />
        <Route path="/pulls" element={<PullsPage />} />
        <Route path="/pulls/:id" element={<PullPage />} />
        <Route path="/uploads" element={<UploadsPage />} />
        <Route path="/feeds" element={<FeedsPage />} />
        <Route path="/environments" element={<EnvironmentsPage />} />
        <Route path="/teams" element={<TeamsPage />} />
        <Route path="/notifications" element={<NotificationsPage />} />
        <Route path="/messages" element={<MessagesPage />} />
        <Route path="/users" element={<UsersPage />} />
        <Route path="/tokens" element={<TokensPage />} />
        <Route path="/history" element={<HistoryPage />} />
        <Route path="/me" element={<ProfilePage />} />
        <Route path="*" element={<NotFound />} />
      </Routes>
    </Suspense>
  );
}
