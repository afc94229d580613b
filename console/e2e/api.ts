/** Requests that prepare or check what a test does through the pages. */
export type Values = Record<string, string | number | boolean>;

export class Api {
  /** Logins that were had already: a login costs the node a tenth of a second. */
  private readonly tokens = new Map<string, string>();

  constructor(private readonly url: string) {}

  async token(username: string, password: string): Promise<string> {
    const key = JSON.stringify([username, password]);
    const known = this.tokens.get(key);
    if (known) return known;
    const answer = await this.send("POST", "v1/auth/login", { username, password });
    const { accessToken } = JSON.parse(answer) as { accessToken: string };
    this.tokens.set(key, accessToken);
    return accessToken;
  }

  /** After a change of passwords. */
  forget(): void {
    this.tokens.clear();
  }

  /** One request with the values in the query (GET, DELETE) or a form; the answer's text. @throws for a status >= 400 */
  async send(method: string, path: string, values: Values = {}, headers: Record<string, string> = {}): Promise<string> {
    const form = new URLSearchParams(Object.entries(values).map(([name, value]) => [name, String(value)]));
    const inQuery = method === "GET" || method === "DELETE";
    const answer = await fetch(this.url + path + (inQuery ? `?${form}` : ""), {
      method,
      headers,
      ...(inQuery ? {} : { body: form }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text;
  }
}

/** The same in somebody's name. */
export class Login {
  constructor(
    readonly api: Api,
    readonly username: string,
    readonly password: string,
  ) {}

  token(): Promise<string> {
    return this.api.token(this.username, this.password);
  }

  async send(method: string, path: string, values: Values = {}, headers: Record<string, string> = {}): Promise<string> {
    return this.api.send(method, path, values, { ...headers, Authorization: `Bearer ${await this.token()}` });
  }

  async json<T>(path: string, values: Values = {}): Promise<T> {
    return JSON.parse(await this.send("GET", path, values)) as T;
  }

  publish(dataId: string, content: string, more: Values = {}, headers: Record<string, string> = {}): Promise<string> {
    return this.send("POST", "v1/cs/configs", { dataId, group: "DEFAULT_GROUP", content, ...more }, headers);
  }

  /** The content as clients get it; null where there is none. */
  async content(dataId: string, more: Values = {}): Promise<string | null> {
    try {
      return await this.send("GET", "v1/cs/configs", { dataId, group: "DEFAULT_GROUP", ...more });
    } catch (error) {
      if (String(error).includes(": 404 ")) return null;
      throw error;
    }
  }

  register(serviceName: string, ip: string, more: Values = {}): Promise<string> {
    return this.send("POST", "v1/ns/instance", { serviceName, ip, port: 8080, ephemeral: false, ...more });
  }

  /** A user with a role, which may do what is given: [resource, action]. */
  async user(username: string, password: string, rights: [string, string][]): Promise<Login> {
    await this.send("POST", "v1/auth/users", { username, password });
    if (rights.length) await this.send("POST", "v1/auth/roles", { role: `role-${username}`, username });
    for (const [resource, action] of rights) {
      await this.send("POST", "v1/auth/permissions", { role: `role-${username}`, resource, action });
    }
    return new Login(this.api, username, password);
  }
}
