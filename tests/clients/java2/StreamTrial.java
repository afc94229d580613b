// What an application does with Nacos's own Java client of the gRPC lines, against a running cluster. Each stage prints
// "ok <stage>" or "FAILED <stage> <why>"; the test that starts this program reads these lines.
//
//   java -cp 'deps/*' StreamTrial.java <a:port,b:port,c:port> <stage>...

import com.alibaba.nacos.api.NacosFactory;
import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.config.listener.AbstractListener;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.listener.EventListener;
import com.alibaba.nacos.api.naming.listener.NamingEvent;
import com.alibaba.nacos.api.naming.pojo.Instance;
import java.math.BigInteger;
import java.net.HttpURLConnection;
import java.net.URL;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

public class StreamTrial {
    private static final String RUN = Long.toString(System.nanoTime(), 36);
    private static final String GROUP = "DEFAULT_GROUP";

    private final String[] servers;

    private StreamTrial(String servers) {
        this.servers = servers.split(",");
    }

    public static void main(String[] arguments) throws Exception {
        StreamTrial trial = new StreamTrial(arguments[0]);
        boolean failed = false;
        for (String stage : Arrays.copyOfRange(arguments, 1, arguments.length)) {
            try {
                trial.getClass().getDeclaredMethod(stage).invoke(trial);
                System.out.println("ok " + stage);
            } catch (java.lang.reflect.InvocationTargetException error) {
                failed = true;
                System.out.println("FAILED " + stage + " " + error.getCause());
                error.getCause().printStackTrace(System.out);
            }
        }
        System.out.flush();
        Runtime.getRuntime().halt(failed ? 1 : 0);
    }

    // -- help

    private Properties at(int server) {
        Properties found = new Properties();
        found.setProperty("serverAddr", servers[server % servers.length]);
        return found;
    }

    private NamingService naming(int server) throws Exception {
        return NacosFactory.createNamingService(at(server));
    }

    private ConfigService configs(int server) throws Exception {
        return NacosFactory.createConfigService(at(server));
    }

    private static String name(String what) {
        return "java." + what + "." + RUN;
    }

    private static void same(Object wanted, Object found) {
        if (wanted == null ? found != null : !wanted.equals(found)) {
            throw new IllegalStateException("wanted " + wanted + ", found " + found);
        }
    }

    private static void soon(String what, Callable<Boolean> holds) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!holds.call()) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException("not within 60 s: " + what);
            }
            Thread.sleep(50);
        }
    }

    /** A client says STARTING until it is connected; what is asked of it then fails. */
    private static void ready(NamingService naming) throws Exception {
        soon("connected", () -> "UP".equals(naming.getServerStatus()));
    }

    private static Instance instance(String ip, boolean ephemeral) {
        Instance found = new Instance();
        found.setIp(ip);
        found.setPort(8080);
        found.setWeight(2.5);
        found.setClusterName("c1");
        found.setEphemeral(ephemeral);
        found.setMetadata(new HashMap<>(Map.of("zone", "a b&=\u00e9\u4e2d")));
        return found;
    }

    private static String ips(List<Instance> instances) {
        return instances.stream().map(Instance::getIp).collect(Collectors.toCollection(TreeSet::new)).toString();
    }

    private static String ips(NamingService naming, String service) throws Exception {
        return ips(naming.getAllInstances(service, GROUP, Collections.emptyList(), false));
    }

    private static String md5(String text) throws Exception {
        byte[] digest = MessageDigest.getInstance("MD5").digest(text.getBytes("UTF-8"));
        return String.format("%032x", new BigInteger(1, digest));
    }

    private static List<String> heard(NamingService naming, String service) throws Exception {
        List<String> lists = Collections.synchronizedList(new ArrayList<>());
        EventListener listener = event -> lists.add(ips(((NamingEvent) event).getInstances()));
        naming.subscribe(service, listener);
        return lists;
    }

    private static <T> boolean lastIs(List<T> list, T wanted) {
        return !list.isEmpty() && list.get(list.size() - 1).equals(wanted);
    }

    private int http(String method, String path) throws Exception {
        HttpURLConnection link = (HttpURLConnection) new URL("http://" + servers[0] + "/nacos" + path).openConnection();
        link.setRequestMethod(method);
        return link.getResponseCode();
    }

    // -- stages: the registry

    /** Registered at one node, listed at another; replaced by a second registration; gone when it is removed. */
    void register() throws Exception {
        String service = name("register");
        NamingService first = naming(0);
        NamingService second = naming(1);
        first.registerInstance(service, instance("10.0.0.1", true));
        soon("listed", () -> ips(second, service).equals("[10.0.0.1]"));
        Instance found = second.getAllInstances(service, GROUP, Collections.emptyList(), false).get(0);
        same(2.5, found.getWeight());
        same("c1", found.getClusterName());
        same("a b&=\u00e9\u4e2d", found.getMetadata().get("zone"));
        same(GROUP + "@@" + service, found.getServiceName());
        first.registerInstance(service, instance("10.0.0.2", true));
        soon("replaced", () -> ips(second, service).equals("[10.0.0.2]"));
        first.deregisterInstance(service, instance("10.0.0.2", true));
        soon("gone", () -> ips(second, service).equals("[]"));
        first.shutDown();
        second.shutDown();
    }

    /** Several at once; one of them goes, the others stay. */
    void batch() throws Exception {
        String service = name("batch");
        NamingService first = naming(0);
        NamingService second = naming(1);
        List<Instance> all = List.of(instance("10.0.0.1", true), instance("10.0.0.2", true), instance("10.0.0.3", true));
        first.batchRegisterInstance(service, GROUP, all);
        soon("all", () -> ips(second, service).equals("[10.0.0.1, 10.0.0.2, 10.0.0.3]"));
        first.batchDeregisterInstance(service, GROUP, all.subList(0, 1));
        soon("fewer", () -> ips(second, service).equals("[10.0.0.2, 10.0.0.3]"));
        first.shutDown();
        soon("gone with their client", () -> ips(second, service).equals("[]"));
        second.shutDown();
    }

    /** One that stays when its client goes; the client is told that this goes by gRPC. */
    void persistent() throws Exception {
        String service = name("persistent");
        NamingService first = naming(0);
        NamingService second = naming(1);
        first.registerInstance(service, instance("10.0.0.1", false));
        first.shutDown();
        soon("listed", () -> ips(second, service).equals("[10.0.0.1]"));
        second.deregisterInstance(service, instance("10.0.0.1", false));
        soon("gone", () -> ips(second, service).equals("[]"));
        second.shutDown();
    }

    /** A subscriber at one node hears of what comes and goes at another, by gRPC and by HTTP. */
    void subscribe() throws Exception {
        String service = name("subscribe");
        NamingService first = naming(0);
        NamingService second = naming(1);
        List<String> lists = heard(second, service);
        first.registerInstance(service, instance("10.0.0.1", true));
        soon("told", () -> lastIs(lists, "[10.0.0.1]"));
        String more = "/v1/ns/instance?serviceName=" + service + "&ip=10.0.0.9&port=80";
        same(200, http("POST", more));
        soon("told of one of 1.x", () -> lastIs(lists, "[10.0.0.1, 10.0.0.9]"));
        same(200, http("DELETE", more));
        first.shutDown();
        soon("told that all have gone", () -> lastIs(lists, "[]"));
        second.shutDown();
    }

    /** The names of a group's services. */
    void services() throws Exception {
        NamingService first = naming(0);
        String group = "g" + RUN;
        first.registerInstance(name("services"), group, instance("10.0.0.1", true));
        soon("named", () -> first.getServicesOfServer(1, 10, group).getData().equals(List.of(name("services"))));
        first.shutDown();
    }

    // -- stages: configs

    /** Published at one node, read at another; a wrong md5 changes nothing; removed. */
    void publish() throws Exception {
        String id = name("publish");
        ConfigService first = configs(0);
        ConfigService second = configs(1);
        same(null, second.getConfig(id, "g", 30_000));
        same(true, first.publishConfig(id, "g", "{\"a\":\"\u00e9\u4e2d\"}", "json"));
        soon("read", () -> "{\"a\":\"\u00e9\u4e2d\"}".equals(second.getConfig(id, "g", 30_000)));
        same(false, first.publishConfigCas(id, "g", "x", md5("y")));
        same(true, first.publishConfigCas(id, "g", "x", md5("{\"a\":\"\u00e9\u4e2d\"}")));
        soon("changed", () -> "x".equals(second.getConfig(id, "g", 30_000)));
        same(true, second.removeConfig(id, "g"));
        soon("removed", () -> first.getConfig(id, "g", 30_000) == null);
        first.shutDown();
        second.shutDown();
    }

    /** A listener at one node hears of what is published at another. */
    void listen() throws Exception {
        String id = name("listen");
        ConfigService first = configs(0);
        ConfigService second = configs(1);
        List<String> contents = Collections.synchronizedList(new ArrayList<>());
        second.addListener(id, "g", new AbstractListener() {
            @Override
            public void receiveConfigInfo(String content) {
                contents.add(String.valueOf(content));
            }
        });
        for (String content : List.of("one", "two", "three")) {
            same(true, first.publishConfig(id, "g", content));
            soon(content, () -> lastIs(contents, content));
        }
        first.shutDown();
        second.shutDown();
    }
}
