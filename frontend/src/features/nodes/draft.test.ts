import { describe, expect, test } from "vitest";
import {
  addressProblem,
  credentialBody,
  credentialProblem,
  type Draft,
  EMPTY_DRAFT,
  labelsText,
  nodeBody,
  readLabels,
  schemeOf,
} from "./draft";

const HOST_KEY = { type: "ssh-ed25519", key: "ssh-ed25519 AAAA", fingerprint: "SHA256:abc" };

function draft(part: Partial<Draft>): Draft {
  return { ...EMPTY_DRAFT, ...part };
}

describe("an address", () => {
  test("its scheme decides what is asked for", () => {
    expect(schemeOf("unix:///var/run/docker.sock")).toBe("unix");
    expect(schemeOf(" tcp://host:2376 ")).toBe("tcp");
    expect(schemeOf("https://host")).toBeNull();
  });

  test("what is wrong is said in words", () => {
    expect(addressProblem("")).toMatch(/Give the address/);
    expect(addressProblem("host:2376")).toMatch(/Begin with/);
    expect(addressProblem("unix://docker.sock")).toMatch(/absolute path/);
    expect(addressProblem("tcp://")).toMatch(/host is missing/);
    expect(addressProblem("ssh://host")).toMatch(/user@host/);
  });

  test("good addresses pass", () => {
    for (const address of [
      "unix:///run/podman.sock",
      "tcp://10.0.0.1:2376",
      "tcp://[::1]:2376",
      "ssh://ops@host:22",
    ]) {
      expect(addressProblem(address), address).toBeNull();
    }
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
  test("labels are read from text and written back", () => {
    expect(readLabels("team=platform, rack = 7,gpu")).toEqual({ team: "platform", rack: "7", gpu: "" });
    expect(labelsText({ team: "platform", gpu: "" })).toBe("team=platform, gpu");
    expect(readLabels("  ")).toEqual({});
  });

  test("the body holds ids, bytes and only the limits given", () => {
    expect(
      nodeBody(
        draft({ address: " unix:///s ", name: " pay ", environment: "3", limitMegabytes: 2, labels: "a=b" }),
      ),
    ).toEqual({
      name: "pay",
      address: "unix:///s",
      environment: 3,
      labels: { a: "b" },
      interval_seconds: 300,
      limits: { bytes: 2 * 1024 * 1024 },
    });
  });
});
