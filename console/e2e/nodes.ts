/** Real nodes for the tests: processes with homes of their own, on ports that were free. */
import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Api } from "./api";

const ROOT = resolve(fileURLToPath(import.meta.url), "../../..");
const VENV = resolve(ROOT, process.env.NACOS_TW_VENV ?? ".venv-test");
export const PYTHON = join(VENV, "bin/python");
const START = 300_000;
/** The address that a node takes for its own. */
const OWN = { "nacos.inetutils.ip-address": "127.0.0.1" };

/** Whether a port can be listened on. */
function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const probe = createServer();
    probe.once("error", () => done(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => done(true)));
  });
}

/** Of each thousand ports, a worker takes those of its own half: one is free until its node listens. */
const HALF = 500 * (Number(process.env.TEST_PARALLEL_INDEX ?? 0) % 2);

/** A port that is free, and with it those of the nodes' own traffic, 1000 below, and of gRPC, 1000 above. */
async function freePort(taken: number[]): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = 1000 * (13 + Math.floor(Math.random() * 18)) + HALF + Math.floor(Math.random() * 500);
    const away = taken.every((other) => ![0, 1000, 2000].includes(Math.abs(port - other)));
    if (away && (await isFree(port)) && (await isFree(port - 1000)) && (await isFree(port + 1000))) return port;
  }
  throw new Error("no free ports");
}

/** What a condition gives once it holds. It is asked again and again; a request that fails counts as "not yet". */
export async function until<T>(what: string, condition: () => Promise<T | undefined | false>, limit = START): Promise<T> {
  const end = Date.now() + limit;
  let last: unknown;
  while (Date.now() < end) {
    try {
      const found = await condition();
      if (found) return found;
    } catch (error) {
      last = error;
    }
    await new Promise((again) => setTimeout(again, 50));
  }
  throw new Error(`waited in vain: ${what}${last ? ` (${String(last)})` : ""}`);
}

export class Node {
  readonly url: string;
  readonly address: string;
  readonly api: Api;
  private process?: ChildProcess;

  constructor(
    readonly home: string,
    readonly port: number,
    private readonly options: string[],
  ) {
    this.address = `127.0.0.1:${port}`;
    this.url = `http://${this.address}/nacos/`;
    this.api = new Api(this.url);
  }

  start(): void {
    const options = ["-I", "-m", "nacos_tw", "--home", this.home, ...this.options];
    const output = openSync(this.output, "a");
    this.process = spawn(PYTHON, options, { stdio: ["ignore", output, output] });
    closeSync(output);
  }

  async ready(state: "readiness" | "liveness" = "readiness"): Promise<void> {
    const ended = () => this.process?.exitCode != null;
    await until(`${this.address} to be ready`, async () => ended() || (await fetch(`${this.url}v1/console/health/${state}`)).ok);
    if (ended()) throw new Error(`the node has ended: ${readFileSync(this.output, "utf8").slice(-2000)}`);
  }

  private get output(): string {
    return join(this.home, "output");
  }

  /** SIGKILL: no farewell to the others. */
  async kill(): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode != null || child.signalCode != null) return;
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGKILL");
    await gone;
  }
}

/** Nodes that belong together: one that stands alone, or a cluster with embedded storage. */
export class Nodes {
  private constructor(
    private readonly folder: string,
    readonly all: Node[],
  ) {}

  get first(): Node {
    return this.all[0]!;
  }

  /** @param waits whether they have to be ready; else it is enough that they answer. */
  static async start(size: number, properties: Record<string, string | number | boolean>, waits = true): Promise<Nodes> {
    const folder = mkdtempSync(join(tmpdir(), "nacos-tw-e2e-"));
    const ports: number[] = [];
    while (ports.length < size) ports.push(await freePort(ports));
    const mode = size > 1 ? ["--mode", "cluster", "--storage", "embedded"] : ["--mode", "standalone"];
    const nodes = new Nodes(folder, ports.map((port, number) => new Node(join(folder, `node${number + 1}`), port, mode)));
    for (const node of nodes.all) {
      mkdirSync(join(node.home, "conf"), { recursive: true });
      const lines = Object.entries({ ...OWN, "server.port": node.port, ...properties }).map(([key, value]) => `${key}=${value}\n`);
      writeFileSync(join(node.home, "conf/application.properties"), lines.join(""));
      if (size > 1) writeFileSync(join(node.home, "conf/cluster.conf"), ports.map((port) => `127.0.0.1:${port}\n`).join(""));
      node.start();
    }
    try {
      await Promise.all(nodes.all.map((node) => node.ready(waits ? "readiness" : "liveness")));
      if ("nacos.core.auth.admin.password" in properties) await nodes.hasAdministrator();
    } catch (error) {
      await nodes.close();
      throw error;
    }
    return nodes;
  }

  /** The first administrator is made once the nodes are ready. */
  private async hasAdministrator(): Promise<void> {
    await until("the first administrator", async () => {
      const states = await Promise.all(this.all.map((node) => node.api.send("GET", "v1/console/server/state")));
      return states.every((state) => state.includes('"auth_admin_request":"false"'));
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((node) => node.kill()));
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
