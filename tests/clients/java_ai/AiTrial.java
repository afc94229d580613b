import com.alibaba.nacos.api.ai.AiFactory;
import com.alibaba.nacos.api.ai.AiService;
import com.alibaba.nacos.api.ai.listener.AbstractNacosAgentCardListener;
import com.alibaba.nacos.api.ai.listener.AbstractNacosAgentSpecListener;
import com.alibaba.nacos.api.ai.listener.AbstractNacosMcpServerListener;
import com.alibaba.nacos.api.ai.listener.AbstractNacosPromptListener;
import com.alibaba.nacos.api.ai.listener.NacosAgentCardEvent;
import com.alibaba.nacos.api.ai.listener.NacosAgentSpecEvent;
import com.alibaba.nacos.api.ai.listener.NacosMcpServerEvent;
import com.alibaba.nacos.api.ai.listener.NacosPromptEvent;
import com.alibaba.nacos.api.ai.model.a2a.AgentCapabilities;
import com.alibaba.nacos.api.ai.model.a2a.AgentCard;
import com.alibaba.nacos.api.ai.model.a2a.AgentCardDetailInfo;
import com.alibaba.nacos.api.ai.model.a2a.AgentEndpoint;
import com.alibaba.nacos.api.ai.model.agentspecs.AgentSpec;
import com.alibaba.nacos.api.ai.model.mcp.McpEndpointSpec;
import com.alibaba.nacos.api.ai.model.mcp.McpServerBasicInfo;
import com.alibaba.nacos.api.ai.model.mcp.McpServerDetailInfo;
import com.alibaba.nacos.api.ai.model.mcp.McpTool;
import com.alibaba.nacos.api.ai.model.mcp.McpToolSpecification;
import com.alibaba.nacos.api.ai.model.mcp.registry.ServerVersionDetail;
import com.alibaba.nacos.api.exception.NacosException;
import java.io.ByteArrayInputStream;
import java.net.HttpURLConnection;
import java.net.URL;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.zip.ZipInputStream;

/** Every method of the Java client's service for AI. Says "ok" and a stage for each that went well. */
public class AiTrial {
    interface Stage {
        void run() throws Exception;
    }

    static String address;
    static AiService client;
    static AiService other;

    static void stage(String name, Stage stage) {
        try {
            stage.run();
            System.out.println("ok " + name);
        } catch (Throwable failure) {
            System.out.println("FAILED " + name + ": " + failure);
            failure.printStackTrace(System.out);
        }
    }

    static void same(Object wanted, Object found) {
        if (wanted == null ? found != null : !wanted.equals(found)) {
            throw new AssertionError("wanted " + wanted + ", found " + found);
        }
    }

    static void soon(String what, Callable<Boolean> holds) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
        while (!holds.call()) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("not in time: " + what);
            }
            Thread.sleep(50);
        }
    }

    static void refused(int code, Callable<?> asked) throws Exception {
        try {
            asked.call();
        } catch (NacosException error) {
            same(code, error.getErrCode());
            return;
        }
        throw new AssertionError("not refused with " + code);
    }

    static String http(String method, String path, String... fields) throws Exception {
        StringBuilder form = new StringBuilder();
        for (int at = 0; at < fields.length; at += 2) {
            form.append(at == 0 ? "" : "&").append(fields[at]).append('=').append(URLEncoder.encode(fields[at + 1], "UTF-8"));
        }
        String target = "http://" + address + "/nacos" + path + "?" + form;
        HttpURLConnection link = (HttpURLConnection) new URL(target).openConnection();
        link.setRequestMethod(method);
        same(200, link.getResponseCode());
        return new String(link.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    static AiService service() throws Exception {
        Properties properties = new Properties();
        properties.setProperty("serverAddr", address);
        for (String kind : List.of("McpServer", "AgentCard", "Prompt")) {
            properties.setProperty("nacosAi" + kind + "CacheUpdateInterval", "500");
        }
        return AiFactory.createAiService(properties);
    }

    public static void main(String[] args) throws Exception {
        address = args[0];
        client = service();
        other = service();
        stage("mcp", AiTrial::mcp);
        stage("direct", AiTrial::direct);
        stage("agents", AiTrial::agents);
        stage("batch", AiTrial::batch);
        stage("prompts", AiTrial::prompts);
        stage("skills", AiTrial::skills);
        stage("agentspecs", AiTrial::agentspecs);
        stage("shutdown", () -> {
            client.shutdown();
            other.shutdown();
        });
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    // -- MCP servers

    static McpServerBasicInfo server(String name, String version) {
        McpServerBasicInfo found = new McpServerBasicInfo();
        found.setName(name);
        found.setProtocol("mcp-sse");
        found.setDescription("d");
        ServerVersionDetail detail = new ServerVersionDetail();
        detail.setVersion(version);
        found.setVersionDetail(detail);
        return found;
    }

    static McpToolSpecification tools() {
        McpTool tool = new McpTool();
        tool.setName("forecast");
        tool.setDescription("f");
        tool.setInputSchema(Map.of("type", "object"));
        McpToolSpecification found = new McpToolSpecification();
        found.setTools(List.of(tool));
        return found;
    }

    static List<String> addresses(String name) throws Exception {
        return client.getMcpServer(name).getBackendEndpoints().stream().map(each -> each.getAddress()).collect(Collectors.toList());
    }

    static void mcp() throws Exception {
        refused(404, () -> client.getMcpServer("weather"));
        String id = client.releaseMcpServer(server("weather", "1.0.0"), tools());
        McpServerDetailInfo found = client.getMcpServer("weather", "1.0.0");
        same(id, found.getId());
        same("1.0.0", found.getVersionDetail().getVersion());
        same("forecast", found.getToolSpec().getTools().get(0).getName());
        refused(409, () -> client.releaseMcpServer(server("weather", "1.0.0"), tools()));
        client.releaseMcpServer(server("weather", "2.0.0"), tools());
        same("1.0.0", client.getMcpServer("weather").getVersionDetail().getVersion());
        refused(404, () -> client.getMcpServer("weather", "9"));
        McpServerDetailInfo[] told = new McpServerDetailInfo[1];
        AbstractNacosMcpServerListener listener = new AbstractNacosMcpServerListener() {
            @Override
            public void onEvent(NacosMcpServerEvent event) {
                told[0] = event.getMcpServerDetailInfo();
            }
        };
        same("1.0.0", client.subscribeMcpServer("weather", listener).getVersionDetail().getVersion());
        other.registerMcpServerEndpoint("weather", "10.1.1.1", 80, "1.0.0");
        same(List.of("10.1.1.1"), addresses("weather"));
        soon("the subscriber hears of the endpoint", () -> told[0] != null && !told[0].getBackendEndpoints().isEmpty());
        client.unsubscribeMcpServer("weather", listener);
        other.deregisterMcpServerEndpoint("weather", "10.1.1.1", 80);
        soon("the endpoint goes", () -> addresses("weather").isEmpty());
    }

    static void direct() throws Exception {
        McpEndpointSpec spec = new McpEndpointSpec();
        spec.setType("DIRECT");
        spec.setData(Map.of("address", "10.2.2.2", "port", "8080", "transportProtocol", "http"));
        client.releaseMcpServer(server("direct", "1"), null, spec);
        same(List.of("10.2.2.2"), addresses("direct"));
    }

    // -- agents

    static AgentCard card(String version) {
        AgentCard found = new AgentCard();
        found.setName("agent 1");
        found.setDescription("d");
        found.setVersion(version);
        found.setProtocolVersion("0.3.0");
        found.setUrl("http://10.3.3.3:80");
        found.setPreferredTransport("JSONRPC");
        found.setCapabilities(new AgentCapabilities());
        found.setSkills(Collections.emptyList());
        return found;
    }

    static AgentEndpoint endpoint(String address) {
        AgentEndpoint found = new AgentEndpoint();
        found.setAddress(address);
        found.setPort(443);
        found.setVersion("2.0");
        found.setPath("/a2a");
        found.setSupportTls(true);
        return found;
    }

    static List<String> urls() throws Exception {
        return client.getAgentCard("agent 1").getAdditionalInterfaces().stream().map(each -> each.getUrl()).collect(Collectors.toList());
    }

    static void agents() throws Exception {
        refused(404, () -> client.getAgentCard("agent 1"));
        client.releaseAgentCard(card("1.0"));
        client.releaseAgentCard(card("1.0"), "SERVICE");
        AgentCardDetailInfo found = client.getAgentCard("agent 1");
        same("1.0", found.getVersion());
        same("http://10.3.3.3:80", found.getUrl());
        client.releaseAgentCard(card("2.0"), "SERVICE", true);
        same("2.0", client.getAgentCard("agent 1").getVersion());
        same("1.0", client.getAgentCard("agent 1", "1.0").getVersion());
        same("http://10.3.3.3:80", client.getAgentCard("agent 1", "2.0", "URL").getUrl());
        AgentCardDetailInfo[] told = new AgentCardDetailInfo[1];
        AbstractNacosAgentCardListener listener = new AbstractNacosAgentCardListener() {
            @Override
            public void onEvent(NacosAgentCardEvent event) {
                told[0] = event.getAgentCard();
            }
        };
        client.subscribeAgentCard("agent 1", listener);
        other.registerAgentEndpoint("agent 1", endpoint("10.4.4.4"));
        same("https://10.4.4.4:443/a2a", client.getAgentCard("agent 1").getUrl());
        soon("the subscriber hears of the endpoint", () -> told[0] != null && told[0].getUrl().startsWith("https://10.4.4.4"));
        client.unsubscribeAgentCard("agent 1", listener);
        other.deregisterAgentEndpoint("agent 1", "2.0", "10.4.4.4", 443);
        soon("the endpoint goes", () -> "http://10.3.3.3:80".equals(client.getAgentCard("agent 1").getUrl()));
    }

    static void batch() throws Exception {
        other.registerAgentEndpoint("agent 1", Arrays.asList(endpoint("10.5.5.1"), endpoint("10.5.5.2")));
        same(List.of("https://10.5.5.1:443/a2a", "https://10.5.5.2:443/a2a"), urls());
        other.shutdown();
        soon("the endpoints go with their connection", () -> "http://10.3.3.3:80".equals(client.getAgentCard("agent 1").getUrl()));
        other = service();
    }

    // -- prompts and skills

    static void prompt(String version, String template) throws Exception {
        http("POST", "/v3/admin/ai/prompt", "promptKey", "greeting", "version", version, "template", template);
    }

    static void prompts() throws Exception {
        refused(404, () -> client.getPrompt("greeting"));
        prompt("1.0.0", "Hello {{who}}");
        http("PUT", "/v3/admin/ai/prompt/label", "promptKey", "greeting", "label", "stable", "version", "1.0.0");
        same("Hello you", client.getPrompt("greeting").render(Map.of("who", "you")));
        String[] told = new String[1];
        AbstractNacosPromptListener listener = new AbstractNacosPromptListener() {
            @Override
            public void onEvent(NacosPromptEvent event) {
                told[0] = event.getPrompt().getVersion();
            }
        };
        same("1.0.0", client.subscribePrompt("greeting", null, null, listener).getVersion());
        prompt("1.1.0", "Hi {{who}}");
        soon("the subscriber hears of the version", () -> "1.1.0".equals(told[0]));
        client.unsubscribePrompt("greeting", null, null, listener);
        same("1.0.0", client.getPromptByLabel("greeting", "stable").getVersion());
        same("Hi {{who}}", client.getPromptByVersion("greeting", "1.1.0").getTemplate());
    }

    static void packed(byte[] archive) throws Exception {
        same("helper/SKILL.md", new ZipInputStream(new ByteArrayInputStream(archive)).getNextEntry().getName());
    }

    static void skills() throws Exception {
        String card = "{\"name\":\"helper\",\"description\":\"d\",\"skillMd\":\"---\\nname: helper\\ndescription: d\\n---\\n# what to do\\n\"}";
        http("POST", "/v3/admin/ai/skills/draft", "skillName", "helper", "skillCard", card, "targetVersion", "0.0.1");
        http("POST", "/v3/admin/ai/skills/publish", "skillName", "helper", "version", "0.0.1");
        http("PUT", "/v3/admin/ai/skills/labels", "skillName", "helper", "labels", "{\"stable\":\"0.0.1\",\"latest\":\"0.0.1\"}");
        packed(client.downloadSkillZip("helper"));
        packed(client.downloadSkillZipByVersion("helper", "0.0.1"));
        packed(client.downloadSkillZipByLabel("helper", "stable"));
    }

    // -- agent specs: published by the admin's API, read by this client as plain configs

    static void spec(String version, String content) throws Exception {
        String card = "{\"name\":\"coder\",\"content\":\"" + content + "\",\"resource\":{\"config_how__md\":"
                + "{\"name\":\"how.md\",\"type\":\"config\",\"content\":\"how " + content + "\"}}}";
        http("POST", "/v3/admin/ai/agentspecs/draft", "agentSpecName", "coder", "targetVersion", version, "agentSpecCard", card);
        http("POST", "/v3/admin/ai/agentspecs/publish", "agentSpecName", "coder", "version", version);
    }

    static void agentspecs() throws Exception {
        spec("1.0.0", "one");
        same("one", client.loadAgentSpec("coder").getContent());
        same("how one", client.loadAgentSpec("coder").getResource().get("config_how__md").getContent());
        AgentSpec[] told = new AgentSpec[1];
        AbstractNacosAgentSpecListener listener = new AbstractNacosAgentSpecListener() {
            @Override
            public void onEvent(NacosAgentSpecEvent event) {
                told[0] = event.getAgentSpec();
            }
        };
        client.subscribeAgentSpec("coder", listener);
        spec("2.0.0", "two");
        soon("the subscriber hears of the version", () -> told[0] != null && "two".equals(told[0].getContent()));
        client.unsubscribeAgentSpec("coder", listener);
    }
}
