import { Stack } from "@mantine/core";
import { Link } from "react-router";
import { useItem } from "../../api/hooks";
import type { Package, PackageDetail } from "../../api/vulnerabilities";
import { Loading, ProblemNote } from "../../ui/states";
import { useCarry, useScope } from "../../url/scope";
import { PackageFacts, PackageVersions, PackageVulnerabilities } from "./packageParts";

export function PackageDrawer({ id, row }: { id: string; row: Package | undefined }) {
  const to = useCarry();
  const { asOf } = useScope();
  const item = useItem<PackageDetail>(`/packages/${id}`, { as_of: asOf });
  const shown: Package | undefined = item.data ?? row;
  if (!shown) return item.error ? <ProblemNote problem={item.error} /> : <Loading what="the package" />;
  return (
    <Stack gap="lg">
      <h1>
        {shown.name} {shown.version}
      </h1>
      <PackageFacts row={shown} url={item.data?.url} />
      {item.error && <ProblemNote problem={item.error} retry={() => void item.refetch()} />}
      {!item.data && !item.error && <Loading what="its vulnerabilities" rows={4} />}
      {item.data && (
        <>
          <PackageVulnerabilities item={item.data} />
          <PackageVersions item={item.data} />
        </>
      )}
      <Link to={to(`/packages/${id}`)}>
        All about {shown.name} {shown.version}
      </Link>
    </Stack>
  );
}
