import { describe, expect, test } from "vitest";
import type { Node } from "../../api/types";
import {
  addressProblem,
  credentialBody,
  credentialProblem,
  type Draft,
  draftOf,
  EMPTY_DRAFT,
  hostOptions,
  nodeBody,
  schemeOf,
  testBody,
} from "./draft";

const HOST_KEY = { type: "ssh-ed25519", key: "ssh-ed25519 AAAA", fingerprint: "SHA256:abc" };

function draft(part: Partial<Draft>): Draft {
  return { ...EMPTY_DRAFT, ...part };
}

const engine = (address: string) => addressProblem(draft({ address }));
const probe = (way: Draft["way"], address: string) => addressProblem(draft({ kind: "probe", way, address }));

describe("an address", () => {
  test("its scheme decides what is asked for", () => {
    expect(schemeOf("unix:///var/run/docker.sock")).toBe("unix");
    expect(schemeOf(" tcp://host:2376 ")).toBe("tcp");
    expect(schemeOf("https://host")).toBe("https");
    expect(schemeOf("http://host")).toBe("http");
    expect(schemeOf("ftp://host")).toBeNull();
  });

  test("what is wrong with an engine's is said in words", () => {
    expect(engine("")).toMatch(/address of the engine/);
    expect(engine("host:2376")).toMatch(/Begin with unix/);
    expect(engine("https://host")).toMatch(/Begin with unix/);
    expect(engine("unix://docker.sock")).toMatch(/absolute path/);
    expect(engine("tcp://")).toMatch(/host is missing/);
    expect(engine("ssh://host")).toMatch(/user@host/);
  });

  test("what is wrong with a host's is said in words", () => {
    expect(probe("ssh", "")).toMatch(/address of the host/);
    expect(probe("ssh", "https://host")).toMatch(/Begin with ssh/);
    expect(probe("ssh", "ssh://host")).toMatch(/user@host/);
    expect(probe("https", "https://")).toMatch(/host is missing/);
  });

  test("good addresses pass", () => {
    for (const address of [
      "unix:///run/podman.sock",
      "tcp://10.0.0.1:2376",
      "tcp://[::1]:2376",
      "ssh://ops@host:22",
    ]) {
      expect(engine(address), address).toBeNull();
    }
    expect(probe("local", "")).toBeNull();
    expect(probe("ssh", "ssh://ops@host")).toBeNull();
    expect(probe("https", "https://[2001:db8::1]:7443")).toBeNull();
  });
});

describe("a credential", () => {
  test("SSH needs a key and a confirmed host key", () => {
    const start = draft({ address: "ssh://ops@host" });
    expect(credentialProblem(start)).toMatch(/private key/);
    const keyed = { ...start, credential: { ssh_private_key: "KEY" } };
    expect(credentialProblem(keyed)).toMatch(/Fetch/);
    expect(credentialProblem({ ...keyed, hostKey: HOST_KEY })).toMatch(/Confirm/);
    expect(credentialProblem({ ...keyed, hostKey: HOST_KEY, hostKeyConfirmed: true })).toBeNull();
  });

  test("TCP needs a CA unless plaintext was allowed, and certificate and key together", () => {
    const start = draft({ address: "tcp://host:2376" });
    expect(credentialProblem(start)).toMatch(/CA/);
    expect(credentialProblem({ ...start, allowPlaintext: true })).toBeNull();
    expect(credentialProblem({ ...start, credential: { ca_certificate: "CA" } })).toBeNull();
    expect(credentialProblem({ ...start, credential: { ca_certificate: "CA", client_key: "K" } })).toMatch(
      /together/,
    );
  });

  test("an agent needs its token or a client certificate, and pins what it is given", () => {
    const start = draft({ kind: "probe", way: "https", address: "https://host:7443" });
    expect(credentialProblem(start)).toMatch(/bearer token/);
    expect(credentialProblem({ ...start, credential: { ca_certificate: "PIN" } })).toMatch(/bearer token/);
    expect(credentialProblem({ ...start, credential: { client_certificate: "C" } })).toMatch(/together/);
    const credential = { token: "T", ca_certificate: "PIN", ssh_private_key: "KEY" };
    expect(credentialProblem({ ...start, credential })).toBeNull();
    expect(credentialBody({ ...start, credential })).toEqual({ token: "T", ca_certificate: "PIN" });
  });

  test("this machine needs none", () => {
    const here = draft({ kind: "probe", way: "local", credential: { token: "T" } });
    expect(credentialProblem(here)).toBeNull();
    expect(credentialBody(here)).toEqual({});
  });

  test("only the parts of the scheme are sent", () => {
    const credential = { ca_certificate: "CA", ssh_private_key: "KEY", client_key: " " };
    expect(credentialBody(draft({ address: "tcp://h:1", credential, hostKey: HOST_KEY }))).toEqual({
      ca_certificate: "CA",
    });
    expect(credentialBody(draft({ address: "ssh://u@h", credential, hostKey: HOST_KEY }))).toEqual({
      ssh_private_key: "KEY",
      ssh_host_key: "ssh-ed25519 AAAA",
    });
    expect(credentialBody(draft({ address: "unix:///s", credential }))).toEqual({});
  });
});

describe("what is registered", () => {
  test("the body holds ids, bytes and only the limits given", () => {
    expect(
      nodeBody(
        draft({ address: " unix:///s ", name: " pay ", environment: "3", limitMegabytes: 2, labels: "a=b" }),
      ),
    ).toEqual({
      name: "pay",
      kind: "docker",
      address: "unix:///s",
      environment: 3,
      labels: { a: "b" },
      interval_seconds: 300,
      limits: { bytes: 2 * 1024 * 1024 },
    });
  });

  test("a host is read with root only where a probe runs over SSH", () => {
    const asked = { readsHost: true, useSudo: true };
    expect(hostOptions(draft({ address: "ssh://u@h", ...asked }))).toEqual({
      reads_host: true,
      use_sudo: true,
    });
    expect(hostOptions(draft({ address: "ssh://u@h", useSudo: true })).use_sudo).toBe(false);
    expect(hostOptions(draft({ address: "unix:///s", ...asked })).reads_host).toBe(false);
    const probed = draft({ kind: "probe", way: "ssh", address: "ssh://u@h", ...asked });
    expect(hostOptions(probed)).toEqual({ reads_host: false, use_sudo: true });
    expect(nodeBody(probed)).toMatchObject({ kind: "probe", use_sudo: true });
    expect(nodeBody(probed)).not.toHaveProperty("reads_host");
  });

  test("the test of a connection asks for what the registration would store", () => {
    const here = draft({ kind: "probe", way: "local", address: "https://left-over", allowPlaintext: true });
    expect(testBody(here)).toEqual({
      kind: "probe",
      address: "local://",
      credential: {},
      allow_plaintext: false,
      reads_host: false,
      use_sudo: false,
    });
  });
});

test("a registered agent becomes a draft that asks for an agent's credential", () => {
  const node = {
    kind: "probe",
    address: "https://web-1:7443",
    environment: { id: 7, slug: "production", name: "Production" },
    labels: { rack: "7" },
    limits: { seconds: 300, bytes: 1, items: 5 },
    interval_seconds: 900,
  } as unknown as Node;
  expect(draftOf(node)).toMatchObject({
    way: "https",
    labels: "rack=7",
    environment: "7",
    limitMegabytes: 1,
  });
});
