import dev.langchain4j.mcp.registryclient.DefaultMcpRegistryClient;
import dev.langchain4j.mcp.registryclient.McpRegistryClient;
import dev.langchain4j.mcp.registryclient.model.McpGetServerResponse;
import dev.langchain4j.mcp.registryclient.model.McpServerList;
import dev.langchain4j.mcp.registryclient.model.McpServerListRequest;
import java.util.ArrayList;
import java.util.List;

/** What LangChain4j's client of MCP registries reads of the server that the test has published in two versions. */
public class RegistryTrial {
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

    public static void main(String[] args) throws Exception {
        McpRegistryClient client = DefaultMcpRegistryClient.builder().baseUrl(args[0]).build();
        String name = args[1];
        stage("health", () -> {
            same("ok", client.healthCheck().getStatus());
            same(true, client.ping().pong());
        });
        stage("list", () -> {
            List<String> names = new ArrayList<>();
            String cursor = null;
            do {
                McpServerListRequest request =
                        McpServerListRequest.builder().search("org.java/").limit(1L).cursor(cursor).build();
                McpServerList page = client.listServers(request);
                page.getServers().forEach(each -> names.add(each.getServer().getName()));
                cursor = page.getMetadata().getNextCursor();
            } while (cursor != null && !cursor.isEmpty());
            same(List.of("org.java/local", name), names);
        });
        stage("one", () -> {
            McpGetServerResponse found = client.getSpecificServerVersion(name, "latest");
            same("2.0.0", found.getServer().getVersion());
            same("https://10.0.0.1:8443/mcp", found.getServer().getRemotes().get(0).getUrl());
            same(true, found.getMeta().getOfficial().isLatest());
            same(true, found.getMeta().getOfficial().getUpdatedAt() != null);
            same("1.0.0", client.getSpecificServerVersion(name, "1.0.0").getServer().getVersion());
            same("2.0.0", client.getServerDetails(name).getServer().getVersion());
            same("p", client.getServerDetails("org.java/local").getServer().getPackages().get(0).getIdentifier());
        });
        stage("versions", () -> {
            List<String> versions = new ArrayList<>();
            client.getAllVersionsOfServer(name).getServers().forEach(each -> versions.add(each.getServer().getVersion()));
            same(List.of("2.0.0", "1.0.0"), versions);
        });
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }
}
