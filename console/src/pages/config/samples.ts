/** Sample code for clients. Names go into the code as literals of the language, so they cannot break out of it. */
import type { ConfigKey } from "@/api/config";

export interface Sample {
  name: string;
  code: string;
}

interface Place {
  protocol: string;
  host: string;
  hostname: string;
  port: string;
  pathname: string;
}

interface Values extends ConfigKey {
  address: string;
  hostname: string;
  port: string;
  context: string;
  url: string;
}

/** A text as a literal of Java, Go, JavaScript and Python. */
export function literal(text: string): string {
  return JSON.stringify(text);
}

/** A text as one word of a POSIX shell. */
export function shellWord(text: string): string {
  return `'${text.replace(/'/g, "'\\''")}'`;
}

function java({ address, tenant, dataId, group }: Values): string {
  return `// com.alibaba.nacos:nacos-client
import com.alibaba.nacos.api.NacosFactory;
import com.alibaba.nacos.api.PropertyKeyConst;
import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.config.listener.Listener;
import java.util.Properties;
import java.util.concurrent.Executor;

public class Example {
    public static void main(String[] args) throws Exception {
        String dataId = ${literal(dataId)};
        String group = ${literal(group)};
        Properties properties = new Properties();
        properties.put(PropertyKeyConst.SERVER_ADDR, ${literal(address)});
        properties.put(PropertyKeyConst.NAMESPACE, ${literal(tenant)});
        // with logins: PropertyKeyConst.USERNAME and PropertyKeyConst.PASSWORD
        ConfigService configs = NacosFactory.createConfigService(properties);
        System.out.println(configs.getConfig(dataId, group, 5000));
        configs.addListener(dataId, group, new Listener() {
            @Override
            public void receiveConfigInfo(String content) {
                System.out.println("changed: " + content);
            }

            @Override
            public Executor getExecutor() {
                return null;
            }
        });
        Thread.currentThread().join();
    }
}
`;
}

function spring({ address, tenant, dataId, group }: Values): string {
  return `// com.alibaba.nacos:nacos-spring-context; a key of the config is read by @NacosValue
import com.alibaba.nacos.api.annotation.NacosProperties;
import com.alibaba.nacos.api.config.annotation.NacosValue;
import com.alibaba.nacos.spring.context.annotation.config.EnableNacosConfig;
import com.alibaba.nacos.spring.context.annotation.config.NacosPropertySource;
import org.springframework.context.annotation.Configuration;

@Configuration
@EnableNacosConfig(globalProperties = @NacosProperties(serverAddr = ${literal(address)}, namespace = ${literal(tenant)}))
@NacosPropertySource(dataId = ${literal(dataId)}, groupId = ${literal(group)}, autoRefreshed = true)
public class NacosConfiguration {
    @NacosValue(value = "\${some.key:default}", autoRefreshed = true)
    private String someValue;
}
`;
}

function springCloud({ address, tenant, dataId, group }: Values): string {
  return `# bootstrap.yml, with com.alibaba.cloud:spring-cloud-starter-alibaba-nacos-config
spring:
  cloud:
    nacos:
      config:
        server-addr: ${literal(address)}
        namespace: ${literal(tenant)}
        # username: and password: where logins are asked for
        extension-configs:
          - data-id: ${literal(dataId)}
            group: ${literal(group)}
            refresh: true
`;
}

function python({ url, address, tenant, dataId, group }: Values): string {
  return `# pip install nacos-sdk-python (below 2.0)
import nacos

client = nacos.NacosClient(${literal(address)}, namespace=${literal(tenant)})  # ${url}
# with logins: username=..., password=...
print(client.get_config(${literal(dataId)}, ${literal(group)}))


def changed(event):
    print("changed:", event["content"])


client.add_config_watcher(${literal(dataId)}, ${literal(group)}, changed)
`;
}

function go({ hostname, port, context, tenant, dataId, group }: Values): string {
  return `package main

import (
	"fmt"

	"github.com/nacos-group/nacos-sdk-go/clients"
	"github.com/nacos-group/nacos-sdk-go/common/constant"
	"github.com/nacos-group/nacos-sdk-go/vo"
)

func main() {
	servers := []constant.ServerConfig{{IpAddr: ${literal(hostname)}, Port: ${port}, ContextPath: ${literal(context)}}}
	// with logins: Username and Password
	options := constant.ClientConfig{NamespaceId: ${literal(tenant)}, TimeoutMs: 5000}
	client, err := clients.NewConfigClient(vo.NacosClientParam{ClientConfig: &options, ServerConfigs: servers})
	if err != nil {
		panic(err)
	}
	content, err := client.GetConfig(vo.ConfigParam{DataId: ${literal(dataId)}, Group: ${literal(group)}})
	fmt.Println(content, err)
	err = client.ListenConfig(vo.ConfigParam{
		DataId: ${literal(dataId)},
		Group:  ${literal(group)},
		OnChange: func(namespace, group, dataId, content string) {
			fmt.Println("changed:", content)
		},
	})
	if err != nil {
		panic(err)
	}
	select {}
}
`;
}

function node({ address, tenant, dataId, group }: Values): string {
  return `// npm install nacos
const { NacosConfigClient } = require("nacos");

async function main() {
  const client = new NacosConfigClient({ serverAddr: ${literal(address)}, namespace: ${literal(tenant)} });
  // with logins: username and password
  console.log(await client.getConfig(${literal(dataId)}, ${literal(group)}));
  client.subscribe({ dataId: ${literal(dataId)}, group: ${literal(group)} }, (content) => {
    console.log("changed:", content);
  });
}

main();
`;
}

function curl({ url, tenant, dataId, group }: Values): string {
  const fields = [
    `--data-urlencode ${shellWord(`dataId=${dataId}`)}`,
    `--data-urlencode ${shellWord(`group=${group}`)}`,
    ...(tenant ? [`--data-urlencode ${shellWord(`tenant=${tenant}`)}`] : []),
  ];
  const asked = fields.join(" \\\n    ");
  return `# with logins, get a token first and add: -H "Authorization: Bearer $TOKEN"
# TOKEN=$(curl -s ${shellWord(`${url}v1/auth/login`)} -d username=... -d password=... | sed 's/.*"accessToken":"\\([^"]*\\)".*/\\1/')

# read
curl -G ${shellWord(`${url}v1/cs/configs`)} \\
    ${asked}

# publish
curl ${shellWord(`${url}v1/cs/configs`)} \\
    ${asked} \\
    --data-urlencode 'content=hello'
`;
}

const MAKERS: [string, (values: Values) => string][] = [
  ["Java", java],
  ["Spring", spring],
  ["Spring Cloud", springCloud],
  ["Python", python],
  ["Go", go],
  ["Node.js", node],
  ["curl", curl],
];

/** Code for each kind of client, for a node at the page's own address. */
export function samples(config: ConfigKey, place: Place): Sample[] {
  const port = place.port || (place.protocol === "https:" ? "443" : "80");
  const folder = place.pathname.replace(/[^/]*$/, "");
  const { dataId, group, tenant } = config;
  const values: Values = {
    dataId,
    group,
    tenant,
    hostname: place.hostname,
    port,
    address: `${place.hostname}:${port}`,
    context: folder.replace(/\/$/, "") || "/",
    url: `${place.protocol}//${place.host}${folder}`,
  };
  return MAKERS.map(([name, make]) => ({ name, code: make(values) }));
}
