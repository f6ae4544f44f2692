import { MantineProvider } from "@mantine/core";
import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { BrowserRouter } from "react-router";
import { SessionGate, useSession } from "./api/session";
import { LoginPage } from "./features/session/loginPage";
import { MustChangePassword } from "./features/session/mustChangePassword";
import { AppRoutes } from "./routes";
import { Faults } from "./ui/faults";
import { NoticeArea } from "./ui/notices";
import { Shell } from "./ui/shell/shell";
import { Loading, ProblemNote } from "./ui/states";
import { colourSchemeManager, resolveVariables, theme } from "./ui/theme";

function Inside() {
  const { me } = useSession();
  if (me.must_change_password) return <MustChangePassword />;
  return (
    <Shell>
      <Faults>
        <AppRoutes />
      </Faults>
    </Shell>
  );
}

/** The whole application. `nonce` is what the content security policy lets style elements through with. */
export function App({ client, nonce }: { client: QueryClient; nonce: string }) {
  return (
    <QueryClientProvider client={client}>
      <MantineProvider
        theme={theme}
        cssVariablesResolver={resolveVariables}
        colorSchemeManager={colourSchemeManager}
        defaultColorScheme="auto"
        getStyleNonce={() => nonce}
      >
        <NoticeArea>
          <BrowserRouter>
            <SessionGate
              waiting={<Loading what="the server" />}
              failed={(problem, retry) => (
                <main style={{ padding: 40, maxWidth: 720 }}>
                  <ProblemNote problem={problem} retry={retry} />
                </main>
              )}
              login={(given) => <LoginPage {...given} />}
            >
              <Inside />
            </SessionGate>
          </BrowserRouter>
        </NoticeArea>
      </MantineProvider>
    </QueryClientProvider>
  );
}
