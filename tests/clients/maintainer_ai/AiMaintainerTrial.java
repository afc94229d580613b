import com.alibaba.nacos.api.ai.model.a2a.AgentCapabilities;
import com.alibaba.nacos.api.ai.model.a2a.AgentCard;
import com.alibaba.nacos.api.ai.model.agentspecs.AgentSpecMeta;
import com.alibaba.nacos.api.ai.model.mcp.McpEndpointSpec;
import com.alibaba.nacos.api.ai.model.mcp.McpServerBasicInfo;
import com.alibaba.nacos.api.ai.model.mcp.McpServerDetailInfo;
import com.alibaba.nacos.api.ai.model.mcp.McpServerRemoteServiceConfig;
import com.alibaba.nacos.api.ai.model.mcp.McpTool;
import com.alibaba.nacos.api.ai.model.mcp.McpToolSpecification;
import com.alibaba.nacos.api.ai.model.mcp.registry.ServerVersionDetail;
import com.alibaba.nacos.api.ai.model.prompt.PromptMetaInfo;
import com.alibaba.nacos.api.ai.model.skills.SkillMeta;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.maintainer.client.ai.A2aMaintainerService;
import com.alibaba.nacos.maintainer.client.ai.AgentSpecMaintainerService;
import com.alibaba.nacos.maintainer.client.ai.AiMaintainerFactory;
import com.alibaba.nacos.maintainer.client.ai.AiMaintainerService;
import com.alibaba.nacos.maintainer.client.ai.McpMaintainerService;
import com.alibaba.nacos.maintainer.client.ai.PromptMaintainerService;
import com.alibaba.nacos.maintainer.client.ai.SkillMaintainerService;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** What operators do with the AI registries, by the Java maintainer client. Says "ok" and a stage for each that went well. */
public class AiMaintainerTrial {
    interface Stage {
        void run() throws Exception;
    }

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

    static void refused(Callable<?> asked) throws Exception {
        try {
            asked.call();
        } catch (NacosException expected) {
            return;
        }
        throw new AssertionError("not refused");
    }

    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        properties.setProperty("serverAddr", args[0]);
        properties.setProperty("username", "nacos");
        properties.setProperty("password", args[1]);
        AiMaintainerService service = AiMaintainerFactory.createAiMaintainerService(properties);
        stage("mcp", () -> mcp(service.mcp()));
        stage("versions", () -> versions(service.mcp()));
        stage("agents", () -> agents(service.a2a()));
        stage("prompts", () -> prompts(service.prompt()));
        stage("skills", () -> skills(service.skill()));
        stage("drafts", () -> drafts(service.skill()));
        stage("agentspecs", () -> agentspecs(service.agentSpec()));
        stage("versions of agentspecs", () -> agentSpecVersions(service.agentSpec()));
        System.out.flush();
        Runtime.getRuntime().halt(0);
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

    static McpEndpointSpec direct(String address) {
        McpEndpointSpec found = new McpEndpointSpec();
        found.setType("DIRECT");
        found.setData(Map.of("address", address, "port", "8080", "transportProtocol", "http"));
        return found;
    }

    static void mcp(McpMaintainerService service) throws Exception {
        service.createLocalMcpServer("local", "1.0.0", "d", Map.of("command", "run"), tools());
        McpServerDetailInfo found = service.getMcpServerDetail("local");
        same("stdio", found.getProtocol());
        same("run", found.getLocalServerConfig().get("command"));
        same("forecast", found.getToolSpec().getTools().get(0).getName());
        McpServerRemoteServiceConfig remote = new McpServerRemoteServiceConfig();
        remote.setExportPath("/sse");
        service.createRemoteMcpServer("remote", "1.0.0", "d", "mcp-sse", remote, direct("10.0.0.1"), tools());
        same("10.0.0.1", service.getMcpServerDetail("remote").getBackendEndpoints().get(0).getAddress());
        same("/sse", service.getMcpServerDetail("remote", "1.0.0").getBackendEndpoints().get(0).getPath());
        same(2, service.listMcpServer().getTotalCount());
        same(1, service.listMcpServer("local", 1, 10).getTotalCount());
        same("remote", service.searchMcpServer("emot").getPageItems().get(0).getName());
        refused(() -> service.createLocalMcpServer("local", "1.0.0"));
        same(true, service.deleteMcpServer("local"));
        refused(() -> service.getMcpServerDetail("local"));
    }

    static McpServerBasicInfo next(String version) {
        McpServerBasicInfo found = new McpServerBasicInfo();
        found.setName("remote");
        found.setProtocol("mcp-sse");
        found.setDescription("next");
        found.setVersionDetail(new ServerVersionDetail());
        found.getVersionDetail().setVersion(version);
        return found;
    }

    static void versions(McpMaintainerService service) throws Exception {
        same(true, service.updateMcpServer("remote", next("2.0.0"), tools(), direct("10.0.0.2")));
        McpServerDetailInfo found = service.getMcpServerDetail("remote");
        same("2.0.0", found.getVersionDetail().getVersion());
        same(2, found.getAllVersions().size());
        same(true, service.updateMcpServer("public", "remote", true, next("2.0.0"), tools(), direct("10.0.0.3"), true));
        same(1, service.getMcpServerDetail("remote").getBackendEndpoints().size());
        same("10.0.0.3", service.getMcpServerDetail("remote").getBackendEndpoints().get(0).getAddress());
        same(true, service.deleteMcpServer("public", "remote", null, "2.0.0"));
        same("1.0.0", service.getMcpServerDetail("remote", "1.0.0").getVersionDetail().getVersion());
        same(true, service.deleteMcpServer("remote"));
        same(0, service.listMcpServer().getTotalCount());
    }

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

    static void agents(A2aMaintainerService service) throws Exception {
        same(true, service.registerAgent(card("1.0")));
        refused(() -> service.registerAgent(card("1.0")));
        same("1.0", service.getAgentCard("agent 1").getVersion());
        same(true, service.updateAgentCard(card("2.0"), "public", true));
        same("2.0", service.getAgentCard("agent 1").getVersion());
        same("1.0", service.getAgentCard("agent 1", "public", "", "1.0").getVersion());
        same(2, service.listAllVersionOfAgent("agent 1").size());
        same(1, service.listAgentCards().getTotalCount());
        same("agent 1", service.searchAgentCardsByName("gent").getPageItems().get(0).getName());
        same(true, service.deleteAgent("agent 1"));
        same(0, service.listAgentCards().getTotalCount());
        refused(() -> service.getAgentCard("agent 1"));
    }

    static void prompts(PromptMaintainerService service) throws Exception {
        same(true, service.publishPrompt("greeting", "1.0.0", "Hello {{who}}", "first"));
        same(true, service.publishPrompt("public", "greeting", "1.1.0", "Hi {{who}}", "second", "says hello", "chat"));
        PromptMetaInfo found = service.getPromptMeta("greeting");
        same("1.1.0", found.getLatestVersion());
        same(List.of("chat"), found.getBizTags());
        same("says hello", found.getDescription());
        same(true, service.bindLabel("public", "greeting", "stable", "1.0.0"));
        same("Hello {{who}}", service.queryPromptDetail("public", "greeting", null, "stable").getTemplate());
        same("second", service.queryPromptDetail("public", "greeting", "1.1.0", null).getCommitMsg());
        same(true, service.unbindLabel("public", "greeting", "stable"));
        same(2, service.listPromptVersions("greeting", 1, 10).getTotalCount());
        same(true, service.updatePromptMetadata("public", "greeting", "greets", "chat,hello"));
        same("greets", service.getPromptMeta("greeting").getDescription());
        same(1, service.listPrompts("greeting", 1, 10).getTotalCount());
        same(true, service.deletePrompt("greeting"));
        refused(() -> service.getPromptMeta("greeting"));
    }

    static byte[] packed(String name) throws Exception {
        return zipped(name, "SKILL.md", "---\nname: " + name + "\ndescription: d\n---\n# what to do\n");
    }

    static byte[] zipped(String name, String main, String content) throws Exception {
        ByteArrayOutputStream found = new ByteArrayOutputStream();
        try (ZipOutputStream archive = new ZipOutputStream(found)) {
            archive.putNextEntry(new ZipEntry(name + "/" + main));
            archive.write(content.getBytes(StandardCharsets.UTF_8));
            archive.closeEntry();
            archive.putNextEntry(new ZipEntry(name + "/scripts/run.py"));
            archive.write("print(1)\n".getBytes(StandardCharsets.UTF_8));
            archive.closeEntry();
        }
        return found.toByteArray();
    }

    static void skills(SkillMaintainerService service) throws Exception {
        same("helper", service.uploadSkillFromZip("public", packed("helper"), false));
        SkillMeta draft = service.getSkillMeta("public", "helper");
        String version = draft.getEditingVersion();
        service.submit("public", "helper", version);
        same(1, service.getSkillMeta("public", "helper").getOnlineCnt());
        same("helper", service.getSkillVersionDetail("public", "helper", version).getName());
        same(1, service.getSkillVersionDetail("public", "helper", version).getResource().size());
        same(true, service.updateLabels("public", "helper", "{\"stable\":\"" + version + "\"}"));
        same(version, service.getSkillMeta("public", "helper").getLabels().get("stable"));
        same(true, service.updateBizTags("public", "helper", "[\"x\"]"));
        same(true, service.updateScope("public", "helper", "PRIVATE"));
        same("PRIVATE", service.getSkillMeta("public", "helper").getScope());
        same(true, service.changeOnlineStatus("public", "helper", "", version, false));
        same(true, service.changeOnlineStatus("public", "helper", "", version, true));
        same(1, service.listSkills("public", "helper", "accurate", 1, 10).getTotalCount());
    }

    static void drafts(SkillMaintainerService service) throws Exception {
        String base = service.getSkillMeta("public", "helper").getLabels().get("stable");
        String version = service.createDraft("public", "helper", base, "1.0.0", null);
        same("1.0.0", version);
        String card = "{\"name\":\"helper\",\"description\":\"e\",\"skillMd\":\"---\\nname: helper\\ndescription: e\\n---\\nx\"}";
        same(true, service.updateDraft("public", card, null));
        same(true, service.deleteDraft("public", "helper"));
        service.createDraft("public", "helper", base, "1.0.0", null);
        same(true, service.publish("public", "helper", "1.0.0", true));
        same(2, service.getSkillMeta("public", "helper").getVersions().size());
        service.createDraft("public", "helper", base, "1.1.0", null);
        same(true, service.forcePublish("public", "helper", "1.1.0", true));
        same(true, service.deleteSkill("public", "helper"));
        refused(() -> service.getSkillMeta("public", "helper"));
    }

    static void agentspecs(AgentSpecMaintainerService service) throws Exception {
        String manifest = "{\"version\":\"1.0.0\",\"description\":\"codes\",\"worker\":{\"suggested_name\":\"coder\"}}";
        same("coder", service.uploadAgentSpecFromZip(zipped("coder", "manifest.json", manifest)));
        same("1.0.0", service.getAgentSpecAdminDetail("public", "coder").getEditingVersion());
        service.submit("public", "coder", "1.0.0");
        AgentSpecMeta found = service.getAgentSpecAdminDetail("public", "coder");
        same(1, found.getOnlineCnt());
        same("1.0.0", found.getLabels().get("latest"));
        same(manifest, service.getAgentSpecDetail("coder").getContent());
        same(1, service.getAgentSpecVersionDetail("coder", "1.0.0").getResource().size());
        same(true, service.updateLabels("public", "coder", "{\"latest\":\"1.0.0\",\"stable\":\"1.0.0\"}"));
        same(true, service.updateBizTags("public", "coder", "[\"x\"]"));
        same(true, service.updateScope("public", "coder", "PUBLIC"));
        same("PUBLIC", service.getAgentSpecAdminDetail("public", "coder").getScope());
        same(true, service.changeOnlineStatus("public", "coder", "", "1.0.0", false));
        same(0, service.getAgentSpecAdminDetail("public", "coder").getOnlineCnt());
        same(true, service.changeOnlineStatus("public", "coder", "", "1.0.0", true));
        same("codes", service.listAgentSpecs("coder", 1, 10).getPageItems().get(0).getDescription());
        same(1, service.listAgentSpecAdminItems("public", "od", "blur", 1, 10).getTotalCount());
    }

    static void agentSpecVersions(AgentSpecMaintainerService service) throws Exception {
        String version = service.createDraft("public", "coder", "1.0.0");
        same("1.0.1", version);
        same(true, service.updateDraft("public", "{\"name\":\"coder\",\"content\":\"{}\"}", null));
        same("{}", service.getAgentSpecVersionDetail("coder", version).getContent());
        same(true, service.deleteDraft("public", "coder"));
        service.createDraft("public", "coder", "1.0.0");
        same(true, service.publish("public", "coder", "1.0.1", true));
        same(2, service.getAgentSpecAdminDetail("public", "coder").getVersions().size());
        same(true, service.deleteAgentSpec("public", "coder"));
        refused(() -> service.getAgentSpecAdminDetail("public", "coder"));
    }
}
