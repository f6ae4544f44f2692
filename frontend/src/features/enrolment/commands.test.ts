import { describe, expect, test } from "vitest";
import { agentAddress, bringCommands, enrolCommands, hostProblem, serverAt } from "./commands";

function server(address: string) {
  return serverAt(new URL(address) as unknown as Location);
}

describe("the commands that enrol a host", () => {
  test("they name the server as the page was opened and the host as it is reached", () => {
    expect(enrolCommands(server("https://plimsoll.example.org/nodes/enrolment"), " web-1.example.org ")).toBe(
      "install -m 755 plimsoll-probe.pyz /usr/local/bin/plimsoll-probe\n" +
        "plimsoll-probe enrol --server https://plimsoll.example.org \\\n" +
        "  --token-file - --address https://web-1.example.org:7443",
    );
    expect(bringCommands("web-1")).toBe("make probe\nscp dist/plimsoll-probe.pyz root@web-1:");
  });

  test("without a name the host says its own", () => {
    expect(agentAddress("")).toBe('"https://$(hostname -f):7443"');
    expect(bringCommands("")).toContain("root@HOST:");
  });

  test("an IPv6 address is bracketed", () => {
    expect(agentAddress("2001:db8::1")).toBe("https://[2001:db8::1]:7443");
    expect(bringCommands("2001:db8::1")).toContain("root@[2001:db8::1]:");
  });

  test("nothing that a shell would read gets into a command", () => {
    for (const text of [
      "$(reboot)",
      "a b",
      "a;b",
      "`id`",
      "-oProxyCommand=x",
      "https://web-1",
      "web-1:7443",
    ]) {
      expect(hostProblem(text), text).not.toBeNull();
      expect(agentAddress(text), text).toBe(agentAddress(""));
      expect(bringCommands(text), text).toBe(bringCommands(""));
    }
  });

  test("plaintext is allowed in so many words, and only off this machine", () => {
    expect(enrolCommands(server("http://plimsoll:8000/"), "web-1")).toMatch(/ --allow-plaintext$/);
    for (const address of ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"]) {
      expect(server(address), address).toMatchObject({ isLoopback: true, isPlaintext: false });
    }
    expect(enrolCommands(server("https://plimsoll:8000"), "web-1")).not.toContain("plaintext");
  });
});
