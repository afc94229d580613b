import com.alibaba.nacos.api.config.model.ConfigCloneInfo;
import com.alibaba.nacos.api.config.model.SameConfigPolicy;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.api.naming.pojo.Service;
import com.alibaba.nacos.api.naming.pojo.healthcheck.AbstractHealthChecker;
import com.alibaba.nacos.api.naming.pojo.maintainer.ClusterInfo;
import com.alibaba.nacos.api.selector.NoneSelector;
import com.alibaba.nacos.maintainer.client.config.ConfigMaintainerFactory;
import com.alibaba.nacos.maintainer.client.config.ConfigMaintainerService;
import com.alibaba.nacos.maintainer.client.naming.NamingMaintainerFactory;
import com.alibaba.nacos.maintainer.client.naming.NamingMaintainerService;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/**
 * The maintainer client of 3.x: what operators do, over v3. Changes go to whichever of the nodes it takes, and are read
 * at each of them. Says "ok" and a stage for each that went well.
 *
 *   java -cp 'deps/*' MaintainerTrial.java <a:port,b:port,c:port> <password> <a namespace of its own>
 */
public class MaintainerTrial {
    interface Stage {
        void run() throws Exception;
    }

    interface Naming {
        Object at(NamingMaintainerService service) throws Exception;
    }

    interface Config {
        Object at(ConfigMaintainerService service) throws Exception;
    }

    static final List<NamingMaintainerService> namings = new ArrayList<>();
    static final List<ConfigMaintainerService> configs = new ArrayList<>();
    static NamingMaintainerService naming;
    static ConfigMaintainerService config;
    static String space;

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

    /** Refused by the node, with that code. */
    static void refused(int code, Stage stage) throws Exception {
        try {
            stage.run();
        } catch (NacosException refusal) {
            same(code, refusal.getErrCode());
            return;
        }
        throw new AssertionError("not refused");
    }

    /** What is found, at once or soon: another node may be some milliseconds behind. */
    static void soon(Object wanted, Callable<Object> find) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            Object found;
            try {
                found = find.call();
            } catch (NacosException | NullPointerException failure) {
                found = failure;
            }
            if (wanted.equals(found)) {
                return;
            }
            if (System.nanoTime() > end) {
                throw new AssertionError("wanted " + wanted + ", found for 60 s " + found);
            }
            Thread.sleep(50);
        }
    }

    /** What each of the nodes says of naming. */
    static void everywhere(Object wanted, Naming find) throws Exception {
        for (NamingMaintainerService each : namings) {
            soon(wanted, () -> find.at(each));
        }
    }

    /** What each of the nodes says of configs. */
    static void shown(Object wanted, Config find) throws Exception {
        for (ConfigMaintainerService each : configs) {
            soon(wanted, () -> find.at(each));
        }
    }

    static Properties at(String servers, String password) {
        Properties properties = new Properties();
        properties.setProperty("serverAddr", servers);
        properties.setProperty("username", "nacos");
        properties.setProperty("password", password);
        return properties;
    }

    public static void main(String[] args) throws Exception {
        naming = NamingMaintainerFactory.createNamingMaintainerService(at(args[0], args[1]));
        config = ConfigMaintainerFactory.createConfigMaintainerService(at(args[0], args[1]));
        for (String server : args[0].split(",")) {
            namings.add(NamingMaintainerFactory.createNamingMaintainerService(at(server, args[1])));
            configs.add(ConfigMaintainerFactory.createConfigMaintainerService(at(server, args[1])));
        }
        space = args[2];
        core(args[0].split(",").length);
        operations();
        services();
        instances();
        configs();
        copies();
        history();
        stage("spaceless", () -> {
            same(true, naming.deleteNamespace(space));
            everywhere(false, at -> at.checkNamespaceIdExist(space));
        });
        System.exit(0);
    }

    static void core(int nodes) {
        stage("state", () -> everywhere("true", at -> at.getServerState().get("auth_enabled")));
        stage("probes", () -> {
            everywhere(true, at -> at.liveness());
            everywhere(true, at -> at.readiness());
        });
        stage("namespaces", () -> {
            same(true, naming.createNamespace(space, "one", "first"));
            everywhere("one", at -> at.getNamespace(space).getNamespaceShowName());
            same(true, naming.updateNamespace(space, "two", "first"));
            everywhere("two", at -> at.getNamespace(space).getNamespaceShowName());
            everywhere(true, at -> at.checkNamespaceIdExist(space));
            everywhere(false, at -> at.checkNamespaceIdExist(space + "-unknown"));
            everywhere(1L, at -> at.getNamespaceList().stream()
                .filter(each -> each.getNamespace().equals(space)).count());
        });
        stage("members", () -> {
            everywhere(nodes, at -> at.listClusterNodes("", "").size());
            everywhere(nodes, at -> at.listClusterNodes("", "UP").size());
            everywhere(0, at -> at.listClusterNodes("", "DOWN").size());
            same(true, naming.updateLookupMode("file"));
        });
    }

    static void operations() {
        stage("ids", () -> everywhere(false, at -> at.getIdGenerators() == null));
        stage("logs", () -> {
            naming.updateLogLevel("naming-main", "INFO");
            same("ok", naming.setLogLevel("naming-main", "INFO"));
            config.updateLogLevel("config-server", "INFO");
            same(false, config.setLogLevel("config-server", "INFO").isEmpty());
        });
        stage("raft", () -> naming.raftOps("doSnapshot", "", "naming_persistent_service_v2"));
        stage("loader", () -> {
            everywhere(0, at -> at.getCurrentClients().size());
            same(namings.size(), naming.getClusterLoaderMetrics().getMemberCount());
            same(true, naming.getClusterLoaderMetrics().isCompleted());
            same(false, naming.reloadConnectionCount(0, "").isEmpty());
            same(false, naming.smartReloadCluster("0.1").isEmpty());
        });
        stage("metrics", () -> everywhere("UP", at -> at.getMetrics(true).getStatus()));
        stage("cache", () -> same(false, config.updateLocalCacheFromStore().isEmpty()));
    }

    static Service service(String name, boolean ephemeral) {
        Service service = new Service();
        service.setNamespaceId(space);
        service.setGroupName("g");
        service.setName(name);
        service.setEphemeral(ephemeral);
        return service;
    }

    static void services() {
        stage("services", () -> {
            Service service = service("bills", true);
            service.setProtectThreshold(0.5f);
            service.setMetadata(Map.of("of", "bills"));
            service.setSelector(new NoneSelector());
            same("ok", naming.createService(service));
            everywhere(0.5f, at -> at.getServiceDetail(service).getProtectThreshold());
            everywhere(Map.of("of", "bills"), at -> at.getServiceDetail(service).getMetadata());
            service.setProtectThreshold(0.25f);
            same("ok", naming.updateService(service));
            everywhere(0.25f, at -> at.getServiceDetail(space, "g", "bills").getProtectThreshold());
            everywhere("bills", at -> at.listServices(space, "g", "bill", false, 1, 10).getPageItems().get(0).getName());
            everywhere(0, at -> at.listServices(space, "g", "bill", true, 1, 10).getTotalCount());
            everywhere("bills", at -> at.listServicesWithDetail(space, "g", "bill", 1, 10)
                .getPageItems().get(0).getServiceName());
            everywhere(0, at -> at.getSubscribers(service, 1, 10, true).getTotalCount());
            same("ok", naming.removeService(service));
            everywhere(0, at -> at.listServices(space, "g", "bill", false, 1, 10).getTotalCount());
        });
        stage("clusters", () -> {
            Service service = service("kept", false);
            Instance instance = instance();
            instance.setEphemeral(false);
            same("ok", naming.createService(service));
            same("ok", naming.registerInstance(service, instance));
            ClusterInfo cluster = new ClusterInfo();
            cluster.setClusterName("DEFAULT");
            cluster.setHealthChecker(new AbstractHealthChecker.None());
            cluster.setHealthyCheckPort(90);
            cluster.setUseInstancePortForCheck(false);
            cluster.setMetadata(Map.of("zone", "z"));
            same("ok", naming.updateCluster(service, cluster));
            everywhere(90, at -> at.getServiceDetail(service).getClusterMap().get("DEFAULT").getHealthyCheckPort());
            everywhere("NONE", at -> at.getServiceDetail(service).getClusterMap().get("DEFAULT")
                .getHealthChecker().getType());
            instance.setHealthy(false);
            same("ok", naming.updateInstanceHealthStatus(service, instance));
            everywhere(false, at -> at.getInstanceDetail(service, instance).isHealthy());
            everywhere(0, at -> at.listInstances(service, "", true).size());
            same("ok", naming.deregisterInstance(service, instance));
            everywhere(0, at -> at.listInstances(service, "", false).size());
            same("ok", naming.removeService(service));
        });
    }

    static Instance instance() {
        Instance instance = new Instance();
        instance.setIp("10.0.0.1");
        instance.setPort(80);
        instance.setWeight(2.5);
        // It sends no beats: the lease is longer than this program runs, on however busy a machine.
        instance.setMetadata(Map.of("k", "v", "preserved.heart.beat.timeout", "3000000",
            "preserved.ip.delete.timeout", "3000000"));
        return instance;
    }

    static void instances() {
        Service service = service("orders", true);
        Instance instance = instance();
        stage("instances", () -> {
            same("ok", naming.registerInstance(service, instance));
            everywhere(2.5, at -> at.getInstanceDetail(service, instance).getWeight());
            everywhere("v", at -> at.getInstanceDetail(space, "g", "orders", "10.0.0.1", 80).getMetadata().get("k"));
            instance.setWeight(3.0);
            same("ok", naming.updateInstance(service, instance));
            everywhere(3.0, at -> at.listInstances(service, "", false).get(0).getWeight());
            everywhere(1, at -> at.listInstances(space, "g", "orders", "DEFAULT", true).size());
        });
        stage("partly", () -> {
            Instance change = instance();
            change.setWeight(4.0);
            same("ok", naming.partialUpdateInstance(service, change));
            everywhere(4.0, at -> at.getInstanceDetail(service, instance).getWeight());
            same(1, naming.batchUpdateInstanceMetadata(service, List.of(instance), Map.of("more", "m"))
                .getUpdated().size());
            everywhere("m", at -> at.getInstanceDetail(service, instance).getMetadata().get("more"));
            same(1, naming.batchDeleteInstanceMetadata(service, List.of(instance), Map.of("more", ""))
                .getUpdated().size());
            everywhere(instance.getMetadata(), at -> at.getInstanceDetail(service, instance).getMetadata());
        });
        stage("clients", () -> {
            everywhere("10.0.0.1", at -> at.getClientDetail("10.0.0.1:80#true").getClientIp());
            everywhere("orders", at -> at.getPublishedServiceList("10.0.0.1:80#true").get(0).getServiceName());
            everywhere(0, at -> at.getSubscribeServiceList("10.0.0.1:80#true").size());
            everywhere("10.0.0.1", at -> at.getPublishedClientList(space, "g", "orders", "10.0.0.1", 80).get(0).getIp());
            everywhere("10.0.0.1", at -> at.getPublishedClientList(space, "g", "orders", "", null).get(0).getIp());
            everywhere(0, at -> at.getSubscribeClientList(space, "g", "orders", "", null).size());
        });
        stage("counted", () -> everywhere(true, at -> at.getMetrics(false).getInstanceCount() >= 1));
        stage("removal", () -> {
            same("ok", naming.deregisterInstance(service, instance));
            everywhere(0, at -> at.listInstances(service, "", false).size());
        });
    }

    static void configs() {
        stage("configs", () -> {
            same(true, config.publishConfig("d.yaml", "g", space, "a: 1", "app", "me", "t1,t2", "one", "yaml"));
            shown("a: 1", at -> at.getConfig("d.yaml", "g", space).getContent());
            shown("yaml", at -> at.getConfig("d.yaml", "g", space).getType());
            shown("app", at -> at.getConfig("d.yaml", "g", space).getAppName());
            shown("one", at -> at.getConfig("d.yaml", "g", space).getDesc());
            shown("t1,t2", at -> at.getConfig("d.yaml", "g", space).getConfigTags());
            same(true, config.updateConfigMetadata("d.yaml", "g", space, "two", "t3"));
            shown("two", at -> at.getConfig("d.yaml", "g", space).getDesc());
            shown("t3", at -> at.getConfig("d.yaml", "g", space).getConfigTags());
        });
        stage("found", () -> {
            shown(1, at -> at.listConfigs(space).getTotalCount());
            shown(1, at -> at.listConfigs("d.yaml", "g", space, "yaml", "t3", "app", 1, 10).getTotalCount());
            shown("d.yaml", at -> at.searchConfigs("d*", "g", space).getPageItems().get(0).getDataId());
            shown(1, at -> at.searchConfigByDetails("d*", "g", space, "blur", "*a:*", "", "", "", 1, 10).getTotalCount());
            shown(0, at -> at.searchConfigByDetails("d*", "g", space, "blur", "*b:*", "", "", "", 1, 10).getTotalCount());
            shown(1, at -> at.getConfigListByNamespace(space).size());
        });
        stage("listeners", () -> {
            shown(0, at -> at.getListeners("d.yaml", "g", space, true).getListenersStatus().size());
            shown(0, at -> at.getAllSubClientConfigByIp("10.0.0.1", true, space, true).getListenersStatus().size());
        });
        stage("removed", () -> {
            same(true, config.publishConfig("e.yaml", "g", space, "b: 1"));
            same(true, config.deleteConfig("d.yaml", "g", space));
            shown(1, at -> at.listConfigs(space).getTotalCount());
            long id = config.getConfig("e.yaml", "g", space).getId();
            same(true, config.deleteConfigs(List.of(id)));
            shown(0, at -> at.listConfigs(space).getTotalCount());
        });
    }

    static void copies() {
        stage("beta", () -> {
            same(true, config.publishConfig("b", "g", space, "all"));
            same(true, config.publishBetaConfig("b", "g", space, "some", "", "", "", "", "text", "10.0.0.9"));
            shown("some", at -> at.queryBeta("b", "g", space).getContent());
            shown("beta", at -> at.queryBeta("b", "g", space).getGrayName());
            shown("all", at -> at.getConfig("b", "g", space).getContent());
            same(true, config.stopBeta("b", "g", space));
            for (ConfigMaintainerService each : configs) {
                soon(true, () -> gone(each));
            }
        });
        stage("clones", () -> {
            ConfigCloneInfo clone = new ConfigCloneInfo();
            clone.setConfigId(config.getConfig("b", "g", space).getId());
            clone.setTargetGroupName("h");
            clone.setTargetDataId("c");
            same(1, config.cloneConfig(space, List.of(clone), "me", SameConfigPolicy.ABORT).get("succCount"));
            shown("all", at -> at.getConfig("c", "h", space).getContent());
            same(1, config.cloneConfig(space, List.of(clone), "me", SameConfigPolicy.SKIP).get("skipCount"));
        });
    }

    /** No beta copy: an error, or nothing, as versions have it. */
    static boolean gone(ConfigMaintainerService service) throws Exception {
        try {
            return service.queryBeta("b", "g", space) == null;
        } catch (NacosException refusal) {
            return refusal.getErrCode() == 20004 || refusal.getErrCode() == 404;
        }
    }

    static void history() {
        stage("history", () -> {
            same(true, config.publishConfig("b", "g", space, "later"));
            shown("later", at -> at.getConfig("b", "g", space).getContent());
            shown(true, at -> at.listConfigHistory("b", "g", space, 1, 10).getTotalCount() >= 2);
            long newest = config.listConfigHistory("b", "g", space, 1, 10).getPageItems().get(0).getId();
            shown("all", at -> at.getConfigHistoryInfo("b", "g", space, newest).getContent());
            long id = config.getConfig("b", "g", space).getId();
            shown("all", at -> at.getPreviousConfigHistoryInfo("b", "g", space, id).getContent());
            same(true, config.deleteConfig("b", "g", space));
            same(true, config.deleteConfig("c", "h", space));
            shown(0, at -> at.listConfigs(space).getTotalCount());
        });
    }
}
