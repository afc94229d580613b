import { describe, expect, it } from "vitest";
import type { McpDetail } from "@/api/mcp";
import { addressOf, askedAt, draftOf, isOn, problems, switched, toolsOf, writeOf } from "@/pages/ai/mcp";

const TOOLS = { tools: [{ name: "add", inputSchema: { type: "object" } }], toolsMeta: { sub: { enabled: false, templates: { a: 1 } } }, encryptData: null };

function detail(more: Partial<McpDetail> = {}): McpDetail {
  return {
    id: "i-1", namespaceId: "public", name: "sums", protocol: "mcp-sse", frontProtocol: "mcp-sse", description: "Adds", enabled: true, status: "active",
    versionDetail: { version: "1.0.0", release_date: "2026-01-01T00:00:00Z", is_latest: true }, version: "1.0.0", capabilities: ["TOOL"],
    icons: [{ src: "x" }], repository: null,
    remoteServerConfig: { serviceRef: { namespaceId: "public", groupName: "mcp-endpoints", serviceName: "sums::1.0.0", transportProtocol: "https" }, exportPath: "/sse", frontEndpointConfigList: [{ path: "/x" }] },
    backendEndpoints: [{ protocol: "https", address: "10.0.0.1", port: 8080, path: "/sse" }], frontendEndpoints: [], toolSpec: TOOLS, resourceSpec: { resources: [] },
    allVersions: [{ version: "1.0.0", is_latest: true }],
    ...more,
  } as McpDetail;
}

describe("an MCP server in the editor", () => {
  it("is written as it was read, with all that the editor does not show", () => {
    const before = detail();
    const write = writeOf(draftOf(before), before);
    expect(write.server).toEqual({
      id: "i-1", name: "sums", protocol: "mcp-sse", frontProtocol: "mcp-sse", description: "Adds", enabled: true, status: "active", icons: [{ src: "x" }],
      versionDetail: { version: "1.0.0" }, localServerConfig: null, remoteServerConfig: { exportPath: "/sse", frontEndpointConfigList: [{ path: "/x" }] },
    });
    expect(write.endpoints).toEqual({ type: "DIRECT", data: { address: "10.0.0.1", port: "8080", transportProtocol: "https" } });
    expect(write.tools).toEqual({ tools: TOOLS.tools, toolsMeta: TOOLS.toolsMeta });
    expect(write.resources).toEqual({ resources: [] });
    expect(write.only).toBe(false);
  });

  it("gives its old address up for a new one, but no other", () => {
    const before = detail();
    expect(writeOf({ ...draftOf(before), port: "9090" }, before).only).toBe(true);
    expect(writeOf({ ...draftOf(), address: "10.0.0.2", port: "1" }).only).toBe(false);
  });

  it("keeps a service's instances as its endpoints", () => {
    const ref = { namespaceId: "public", groupName: "G", serviceName: "sums-http", transportProtocol: "http" };
    for (const backendEndpoints of [[], [{ address: "10.0.0.1", port: 1 }]]) {
      const before = detail({ remoteServerConfig: { serviceRef: ref, exportPath: "" }, backendEndpoints });
      expect(writeOf(draftOf(before), before).endpoints).toEqual({ type: "REF", data: ref });
    }
    // Its own service, in which nobody is now, stays its own.
    const empty = detail({ backendEndpoints: [] });
    expect(writeOf(draftOf(empty), empty).endpoints?.data).toMatchObject({ groupName: "mcp-endpoints", serviceName: "sums::1.0.0" });
  });

  it("becomes a local one, and a remote one again", () => {
    const before = detail();
    const local = writeOf({ ...draftOf(before), protocol: "stdio", local: '{"command":"sums"}' }, before);
    expect(local.endpoints).toBeUndefined();
    expect(local.server).toMatchObject({ protocol: "stdio", localServerConfig: { command: "sums" }, remoteServerConfig: null });
    const there = detail({ protocol: "stdio", frontProtocol: "stdio", localServerConfig: { command: "sums" }, remoteServerConfig: null, backendEndpoints: null });
    const remote = writeOf({ ...draftOf(there), protocol: "mcp-streamable", address: "h", port: "1" }, there);
    expect(remote.server).toMatchObject({ frontProtocol: "mcp-streamable", localServerConfig: null });
  });

  it("tells what is wrong by the field", () => {
    const draft = { ...draftOf(), name: "sums", address: "h", port: "80" };
    expect(problems(draft)).toEqual({});
    expect(problems({ ...draft, name: "a b", version: " ", port: "70000", tools: "{" })).toEqual({
      name: "ai.mcp.badName", version: "common.required", port: "ai.mcp.badPort", tools: "common.metadata.notJson",
    });
    expect(problems({ ...draft, endpoints: "REF" })).toEqual({ service: "common.required" });
    expect(problems({ ...draft, protocol: "stdio", address: "", port: "", local: "[1]" })).toEqual({ local: "common.metadata.notObject" });
  });

  it("takes a list of tools for its specification", () => {
    expect(toolsOf('[{"name":"a"}]')).toEqual({ tools: [{ name: "a" }] });
    expect(toolsOf('{"tools":[],"toolsMeta":{}}')).toEqual({ tools: [], toolsMeta: {} });
    expect(toolsOf(" ")).toBeUndefined();
    for (const text of ['[{"title":"a"}]', '{"tools":{}}', "[1]"]) expect(() => toolsOf(text)).toThrow("ai.mcp.badTools");
    expect(() => toolsOf("[{]")).toThrow("common.metadata.notJson");
  });
});

describe("the tools of a running server", () => {
  it("are asked for at the address that is given", () => {
    const draft = { ...draftOf(), address: "h", port: "80", path: "mcp", tls: true };
    expect(askedAt(draft)).toEqual({ transport: "mcp-streamable", base: "https://h:80", path: "/mcp" });
    expect(askedAt({ ...draft, tls: false, path: "" })).toEqual({ transport: "mcp-streamable", base: "http://h:80", path: "" });
    for (const other of [{ protocol: "http" }, { protocol: "stdio" }, { endpoints: "REF" as const }, { port: "x" }, { address: " " }]) {
      expect(askedAt({ ...draft, ...other })).toBeUndefined();
    }
  });
});

describe("the switch of a tool", () => {
  it("changes nothing else, neither endpoints nor the latest version", () => {
    const write = switched(detail(), "add", false);
    expect(write.tools).toEqual({ tools: TOOLS.tools, toolsMeta: { ...TOOLS.toolsMeta, add: { enabled: false } } });
    expect(write).toMatchObject({ latest: true, only: false, resources: { resources: [] } });
    expect(write.endpoints).toEqual({
      type: "REF", data: { namespaceId: "public", groupName: "mcp-endpoints", serviceName: "sums::1.0.0", transportProtocol: "https" },
    });
    const older = detail({ allVersions: [{ version: "1.0.0", is_latest: false }, { version: "2.0.0", is_latest: true }] });
    expect(switched(older, "sub", true)).toMatchObject({ latest: false, tools: { toolsMeta: { sub: { enabled: true, templates: { a: 1 } } } } });
    expect(switched(detail({ protocol: "stdio", remoteServerConfig: null }), "add", true).endpoints).toBeUndefined();
  });

  it("is on where nothing is said", () => {
    expect([isOn(TOOLS, "add"), isOn(TOOLS, "sub"), isOn(null, "add")]).toEqual([true, false, true]);
  });
});

describe("an endpoint", () => {
  it("is shown as an address that can be called", () => {
    expect(addressOf({ protocol: "https", address: "h", port: 443, path: "mcp" })).toBe("https://h:443/mcp");
    expect(addressOf({ address: "::1", port: 80, path: "/mcp" })).toBe("http://[::1]:80/mcp");
    expect(addressOf({ protocol: "http", address: "h", port: 1, path: null })).toBe("http://h:1");
  });
});
