// What an application does with Nacos's own Node.js client that has a name and a password, against a cluster that asks
// for logins: it sends both with each request. Each stage prints "ok <stage>" or "FAILED <stage> <why>"; the test that
// starts this program reads these lines.
//
//   node login.js <a:port,b:port,c:port> <namespace> <password of writer and reader> <stage>
'use strict';

const assert = require('assert');
const http = require('http');
const { NacosConfigClient, NacosNamingClient } = require('nacos');

const RUN = process.hrtime.bigint().toString(36);
const [ servers, namespace, password ] = process.argv.slice(2);
const quiet = { ...console, log() {}, info() {}, debug() {}, warn() {}, error() {} };
const sleep = millis => new Promise(done => setTimeout(done, millis));
const instance = { ip: '127.0.0.1', port: 8080, ephemeral: false };

function configs(username, given = password) {
  return new NacosConfigClient({ serverAddr: servers, namespace, username, password: given, requestTimeout: given === password ? 30000 : 6000, logger: quiet });
}

async function naming(username, given = password) {
  const found = new NacosNamingClient({ logger: quiet, serverList: servers.split(','), namespace, username, password: given });
  await found.ready();
  return found;
}

// What the writer does beside a reader: all clients of a process have the name and password of the first.
function publish(dataId, content) {
  const form = new URLSearchParams({ dataId, content, group: 'g', tenant: namespace, username: 'sdk-writer', password });
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return new Promise((done, failed) => {
    http.request(`http://${servers.split(',')[0]}/nacos/v1/cs/configs`, { method: 'POST', headers }, answer => {
      answer.resume();
      answer.statusCode === 200 ? done() : failed(new Error(`published: ${answer.statusCode}`));
    }).on('error', failed).end(form.toString());
  });
}

async function soon(what, limit, holds) {
  const end = Date.now() + limit;
  while (!(await holds())) {
    assert(Date.now() < end, `not in time: ${what}`);
    await sleep(50);
  }
}

const stages = {
  async writer() {
    const client = configs('sdk-writer');
    assert.strictEqual(await client.publishSingle(`node.${RUN}`, 'g', 'content'), true);
    await soon('published', 60000, async () => await client.getConfig(`node.${RUN}`, 'g') === 'content');
    const services = await naming('sdk-writer');
    await services.registerInstance(`node.${RUN}`, instance);
    await soon('listed', 60000, async () =>
      (await services.getAllInstances(`node.${RUN}`, 'DEFAULT_GROUP', 'DEFAULT', false)).length === 1);
    await services.deregisterInstance(`node.${RUN}`, instance);
    assert.strictEqual(await client.remove(`node.${RUN}`, 'g'), true);
  },

  async reader() {
    await publish(`read.${RUN}`, 'content');
    const client = configs('sdk-reader');
    await soon('read', 60000, async () => await client.getConfig(`read.${RUN}`, 'g') === 'content');
    await assert.rejects(client.publishSingle(`read.${RUN}`, 'g', 'changed'), /403/);
    await assert.rejects((await naming('sdk-reader')).registerInstance(`read.${RUN}`, instance));
    assert.strictEqual(await client.getConfig(`read.${RUN}`, 'g'), 'content');
  },

  async wrong() {
    const client = configs('sdk-wrong-too', 'wrong');
    await assert.rejects(client.publishSingle(`wrong.${RUN}`, 'g', 'content'), /403/);
    await assert.rejects((await naming('sdk-wrong-too', 'wrong')).registerInstance(`wrong.${RUN}`, instance));
  },

  async listener() {
    const heard = [];
    await publish(`heard.${RUN}`, 'one');
    const client = configs('sdk-reader');
    client.subscribe({ dataId: `heard.${RUN}`, group: 'g' }, content => heard.push(content));
    await soon('first content', 60000, () => heard[heard.length - 1] === 'one');
    await publish(`heard.${RUN}`, 'two');
    await soon('second content', 60000, () => heard[heard.length - 1] === 'two');
  },
};

(async () => {
  let failed = 0;
  for (const name of process.argv.slice(5)) {
    try {
      await stages[name]();
      console.log('ok', name);
    } catch (error) {
      failed = 1;
      console.log('FAILED', name, error.stack);
    }
  }
  process.exit(failed);
})();
