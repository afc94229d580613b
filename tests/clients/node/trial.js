// What an application does with Nacos's own Node.js client, against a running cluster. Each stage prints "ok <stage>" or
// "FAILED <stage> <why>"; the test that starts this program reads these lines.
//
//   node trial.js <a:port,b:port,c:port>      (with the package "nacos" where Node finds it)
'use strict';

const assert = require('assert');
const { NacosNamingClient } = require('nacos');

const RUN = process.hrtime.bigint().toString(36);
const servers = process.argv[2].split(',');
const quiet = { ...console, log() {}, info() {}, debug() {}, warn() {}, error: console.error };
const sleep = millis => new Promise(done => setTimeout(done, millis));
const ips = hosts => hosts.map(each => each.ip).sort().join(' ');

async function soon(what, limit, holds) {
  const end = Date.now() + limit;
  while (!(await holds())) {
    assert(Date.now() < end, `not in time: ${what}`);
    await sleep(20);
  }
}

async function client(serverList) {
  const found = new NacosNamingClient({ logger: quiet, serverList, namespace: 'public' });
  await found.ready();
  return found;
}

const instance = (ip, more = {}) => ({ ip, port: 8080, weight: 2.5, clusterName: 'DEFAULT', metadata: { zone: 'a b&=é中' },
  healthy: true, enabled: true, ...more });

const stages = {
  async status(first) {
    assert.strictEqual(await first.getServerStatus(), 'UP');
  },

  async register(first, second, service) {
    await first.registerInstance(service, instance('10.3.0.1'));
    let hosts = [];
    await soon('listed', 60000, async () => {
      hosts = await second.getAllInstances(service, 'DEFAULT_GROUP', 'DEFAULT', false);
      return ips(hosts) === '10.3.0.1';
    });
    assert.strictEqual(hosts[0].instanceId, `10.3.0.1#8080#DEFAULT#DEFAULT_GROUP@@${service}`);
    assert.strictEqual(hosts[0].serviceName, `DEFAULT_GROUP@@${service}`);
    assert.strictEqual(hosts[0].weight, 2.5);
    assert.deepStrictEqual(hosts[0].metadata, { zone: 'a b&=é中' });
    assert.strictEqual(ips(await second.selectInstances(service, 'DEFAULT_GROUP', 'DEFAULT', true, false)), '10.3.0.1');
    await first.deregisterInstance(service, instance('10.3.0.1'));
    const left = await (await client(servers[0])).getAllInstances(service, 'DEFAULT_GROUP', 'DEFAULT', true);
    assert.strictEqual(ips(left), '');
  },

  async persistent(first, second, service) {
    await first.registerInstance(service, instance('127.0.0.1', { ephemeral: false }));
    await soon('listed', 60000, async () => {
      const hosts = await second.getAllInstances(service, 'DEFAULT_GROUP', 'DEFAULT', false);
      return ips(hosts) === '127.0.0.1' && hosts[0].ephemeral === false;
    });
    await first.deregisterInstance(service, instance('127.0.0.1', { ephemeral: false }));
  },

  async subscribe(first, second, service) {
    const events = [];
    await first.registerInstance(service, instance('10.3.1.1'));
    await sleep(500);
    const listener = hosts => events.push(ips(hosts));
    second.subscribe(service, listener);
    await soon('first event', 60000, () => events[events.length - 1] === '10.3.1.1');
    await sleep(2500); // its first poll comes after 1 s, the next ones every 10 s
    const pad = 'x'.repeat(1200); // its datagram comes compressed
    await first.registerInstance(service, instance('10.3.1.2', { metadata: { pad } }));
    await soon('event of a new instance', 3000, () => events[events.length - 1] === '10.3.1.1 10.3.1.2');
    await first.deregisterInstance(service, instance('10.3.1.2'));
    await soon('event of a removal', 3000, () => events[events.length - 1] === '10.3.1.1');
    second.unSubscribe(service, listener);
    await first.deregisterInstance(service, instance('10.3.1.1'));
  },

  // This client's first beat may come 10 s after it was made; without any the instance would be gone after 17 s.
  async beats(first, second, service) {
    await first.registerInstance(service, instance('10.3.2.1', { metadata: {
      'preserved.heart.beat.interval': '1000', 'preserved.heart.beat.timeout': '16000',
      'preserved.ip.delete.timeout': '17000' } }));
    await sleep(500);
    for (const end = Date.now() + 20000; Date.now() < end; await sleep(500)) {
      const hosts = await second.selectInstances(service, 'DEFAULT_GROUP', 'DEFAULT', true, false);
      assert.strictEqual(ips(hosts), '10.3.2.1');
    }
    await first.deregisterInstance(service, instance('10.3.2.1'));
  },
};

(async () => {
  const first = await client(servers);
  const second = await client(servers[servers.length - 1]);
  let failed = 0;
  for (const [ name, stage ] of Object.entries(stages)) {
    try {
      await stage(first, second, `${name}.${RUN}`);
      console.log(`ok ${name}`);
    } catch (error) {
      failed = 1;
      console.log(`FAILED ${name} ${error.stack}`);
    }
  }
  process.exit(failed);
})();
