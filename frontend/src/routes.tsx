import { type ComponentType, lazy, Suspense } from "react";
import { Navigate, Route, Routes } from "react-router";
import { carriedSearch } from "./url/scope";
import { PageFrame } from "./ui/page";
import { Empty, Loading } from "./ui/states";

/** A page in its own file of code, fetched when it is first shown. */
function page<Name extends string>(load: () => Promise<Record<Name, ComponentType>>, name: Name) {
  return lazy(async () => ({ default: (await load())[name] }));
}

const HostsPage = page(() => import("./features/hosts/hostsPage"), "HostsPage");
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
        <Route path="/" element={<Navigate to={`/hosts${carriedSearch(window.location.search)}`} replace />} />
        <Route path="/hosts" element={<HostsPage />} />
        <Route path="/me" element={<ProfilePage />} />
        <Route path="*" element={<NotFound />} />
      </Routes>
    </Suspense>
  );
}
