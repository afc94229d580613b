import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.maintainer.client.config.ConfigMaintainerFactory;
import com.alibaba.nacos.maintainer.client.config.ConfigMaintainerService;
import com.alibaba.nacos.maintainer.client.naming.NamingMaintainerFactory;
import com.alibaba.nacos.maintainer.client.naming.NamingMaintainerService;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/** The maintainer client of 3.x: what operators do, over v3. Says "ok" and a stage for each that went well. */
public class MaintainerTrial {
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
        if (!wanted.equals(found)) {
            throw new AssertionError("wanted " + wanted + ", found " + found);
        }
    }

    public static void main(String[] args) throws Exception {
        Properties properties = new Properties();
        properties.setProperty("serverAddr", args[0]);
        properties.setProperty("username", "nacos");
        properties.setProperty("password", args[1]);
        NamingMaintainerService naming = NamingMaintainerFactory.createNamingMaintainerService(properties);
        ConfigMaintainerService config = ConfigMaintainerFactory.createConfigMaintainerService(properties);
        core(naming);
        instances(naming);
        services(naming);
        configs(config);
        System.exit(0);
    }

    static void core(NamingMaintainerService service) {
        stage("state", () -> same("true", service.getServerState().get("auth_enabled")));
        stage("probes", () -> {
            same(true, service.liveness());
            same(true, service.readiness());
        });
        stage("namespaces", () -> {
            same(true, service.createNamespace("m1", "one", "first"));
            same("one", service.getNamespace("m1").getNamespaceShowName());
            same(true, service.updateNamespace("m1", "two", "first"));
            same(2, service.getNamespaceList().size());
            same(true, service.checkNamespaceIdExist("m1"));
            same(true, service.deleteNamespace("m1"));
            same(1, service.getNamespaceList().size());
        });
        stage("members", () -> same("UP", service.listClusterNodes("", "").iterator().next().getState().name()));
    }

    static Instance instance() {
        Instance instance = new Instance();
        instance.setIp("10.0.0.1");
        instance.setPort(80);
        instance.setWeight(2.5);
        instance.setMetadata(Map.of("k", "v"));
        return instance;
    }

    static void instances(NamingMaintainerService naming) {
        stage("instances", () -> {
            Instance instance = instance();
            same("ok", naming.registerInstance("g", "orders", instance));
            Instance found = naming.getInstanceDetail("g", "orders", "10.0.0.1", 80);
            same(2.5, found.getWeight());
            same(Map.of("k", "v"), found.getMetadata());
            instance.setWeight(3.0);
            same("ok", naming.updateInstance("g", "orders", instance));
            List<Instance> listed = naming.listInstances("g", "orders", "", false);
            same(1, listed.size());
            same(3.0, listed.get(0).getWeight());
        });
        stage("clients", () -> {
            same("10.0.0.1", naming.getClientDetail("10.0.0.1:80#true").getClientIp());
            same("orders", naming.getPublishedServiceList("10.0.0.1:80#true").get(0).getServiceName());
        });
        stage("metrics", () -> same(1, naming.getMetrics(false).getInstanceCount()));
        stage("removal", () -> {
            same("ok", naming.deregisterInstance("g", "orders", instance()));
            same(0, naming.listInstances("g", "orders", "", false).size());
        });
    }

    static void services(NamingMaintainerService naming) {
        stage("services", () -> {
            same("ok", naming.createService("g", "bills"));
            same("bills", naming.getServiceDetail("g", "bills").getServiceName());
            same("bills", naming.listServices("public", "g", "bills", false, 1, 10).getPageItems().get(0).getName());
            same(0, naming.getSubscribers("g", "bills").getTotalCount());
            same("ok", naming.removeService("g", "bills"));
        });
    }

    static void configs(ConfigMaintainerService config) {
        stage("configs", () -> {
            same(true, config.publishConfig("d.yaml", "g", "a: 1"));
            same("a: 1", config.getConfig("d.yaml", "g").getContent());
            same(1, config.listConfigs("public").getTotalCount());
            same("d.yaml", config.searchConfigs("d*", "g", "public").getPageItems().get(0).getDataId());
            same(1, config.getConfigListByNamespace("public").size());
            same(true, config.publishConfig("d.yaml", "g", "a: 2"));
            same(2, config.listConfigHistory("d.yaml", "g", "public", 1, 10).getTotalCount());
        });
        stage("listeners", () -> same(0, config.getListeners("d.yaml", "g").getListenersStatus().size()));
        stage("removed", () -> {
            same(true, config.deleteConfig("d.yaml", "g"));
            same(0, config.listConfigs("public").getTotalCount());
        });
    }
}
