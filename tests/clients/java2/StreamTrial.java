// What an application does with Nacos's own Java client of the gRPC lines, against a running cluster. Each stage prints
// "ok <stage>" or "FAILED <stage> <why>"; the test that starts this program reads these lines.
//
//   java -cp 'deps/*' StreamTrial.java <a:port,b:port,c:port> <stage>...
//
// Stages with logins take the password of their users from TRIAL_PASSWORD.

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
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;

public class StreamTrial {
    private static final String RUN = Long.toString(System.nanoTime(), 36);
    private static final String GROUP = "DEFAULT_GROUP";
    private static final String ADDRESS = "198.51.100.7";

    private final String[] servers;

    private StreamTrial(String servers) {
        this.servers = servers.split(",");
    }

    public static void main(String[] arguments) throws Exception {
        System.setProperty("com.alibaba.nacos.client.local.ip", ADDRESS); // what the client says that its own is
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

    private Properties at(int server, String... more) {
        return at(servers[server % servers.length], more);
    }

    private static Properties at(String servers, String... more) {
        Properties found = new Properties();
        found.setProperty("serverAddr", servers);
        for (String name : System.getProperties().stringPropertyNames()) {
            if (name.startsWith("nacos.remote.client.rpc.tls.")) { // these it takes from here only
                found.setProperty(name, System.getProperty(name));
            }
        }
        for (int place = 0; place < more.length; place += 2) {
            found.setProperty(more[place], more[place + 1]);
        }
        return found;
    }

    private NamingService naming(int server, String... more) throws Exception {
        NamingService found = NacosFactory.createNamingService(at(server, more));
        ready(found);
        return found;
    }

    private ConfigService configs(int server, String... more) throws Exception {
        return NacosFactory.createConfigService(at(server, more));
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

    private static String read(ConfigService configs, String id) throws Exception {
        Thread.sleep(200); // the client itself allows five requests a second for one config
        return configs.getConfig(id, "g", 30_000);
    }

    private int http(String method, String path, String... headers) throws Exception {
        HttpURLConnection link = (HttpURLConnection) new URL("http://" + servers[0] + "/nacos" + path).openConnection();
        link.setRequestMethod(method);
        for (int place = 0; place < headers.length; place += 2) {
            link.setRequestProperty(headers[place], headers[place + 1]);
        }
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

    /** The same name in two groups and two namespaces is four services; a cluster's instances; one healthy instance. */
    void apart() throws Exception {
        String service = name("apart");
        NamingService here = naming(0);
        NamingService there = naming(1, "namespace", "space-" + RUN);
        here.registerInstance(service, instance("10.0.0.1", true));
        here.registerInstance(service, "other", instance("10.0.0.2", true));
        there.registerInstance(service, instance("10.0.0.3", true));
        there.registerInstance(service, "other", instance("10.0.0.4", true));
        soon("here", () -> ips(here, service).equals("[10.0.0.1]"));
        soon("there", () -> ips(there, service).equals("[10.0.0.3]"));
        soon("its group", () -> ips(there.getAllInstances(service, "other", List.of(), false)).equals("[10.0.0.4]"));
        same("10.0.0.2", here.selectOneHealthyInstance(service, "other").getIp());
        same("[10.0.0.1]", ips(here.selectInstances(service, GROUP, List.of("c1"), true, false)));
        same("[]", ips(here.getAllInstances(service, GROUP, List.of("c2"), false)));
        here.shutDown();
        there.shutDown();
    }

    /** Subscribed before it is there, in two groups by two listeners; told nothing any more when it wants nothing. */
    void unsubscribe() throws Exception {
        String service = name("unsubscribe");
        NamingService first = naming(0);
        NamingService second = naming(1);
        List<String> lists = Collections.synchronizedList(new ArrayList<>());
        EventListener listener = event -> lists.add(ips(((NamingEvent) event).getInstances()));
        second.subscribe(service, "other", List.of("c1"), listener);
        List<String> others = heard(second, service);
        first.registerInstance(service, "other", instance("10.0.0.1", true));
        soon("told", () -> lastIs(lists, "[10.0.0.1]"));
        second.unsubscribe(service, "other", List.of("c1"), listener);
        first.registerInstance(service, "other", instance("10.0.0.2", true));
        first.registerInstance(service, instance("10.0.0.3", true));
        soon("the other is told", () -> lastIs(others, "[10.0.0.3]"));
        same("[10.0.0.1]", lists.get(lists.size() - 1));
        first.shutDown();
        second.shutDown();
    }

    /** Its node is killed when this says "waiting", the next line of its input says that it is: all is there again. */
    void failover() throws Exception {
        String service = name("failover");
        String all = String.join(",", servers);
        NamingService first = NacosFactory.createNamingService(at(all));
        ready(first);
        NamingService second = NacosFactory.createNamingService(at(all));
        ready(second);
        ConfigService configs = NacosFactory.createConfigService(at(all));
        List<String> contents = listened(configs, service);
        List<String> lists = heard(second, service);
        first.registerInstance(service, instance("10.0.0.1", true));
        soon("told", () -> lastIs(lists, "[10.0.0.1]"));
        handOver(service);
        NamingService fresh = NacosFactory.createNamingService(at(all));
        ready(fresh);
        soon("listed again", () -> ips(fresh, service).equals("[10.0.0.1]"));
        soon("registered", () -> did(() -> fresh.registerInstance(service + ".new", instance("10.0.0.2", true))));
        soon("subscribed again", () -> did(() -> first.registerInstance(service, instance("10.0.0.3", true))));
        soon("told after the failure", () -> lastIs(lists, "[10.0.0.3]"));
        soon("published", () -> did(() -> publish(configs, service, "after")));
        soon("told of the config after the failure", () -> lastIs(contents, "after"));
        same(false, lists.subList(lists.indexOf("[10.0.0.1]"), lists.size()).contains("[]"));
    }

    /** The only node that it knows is gone while things change; it hears of them when the node is back. */
    void away() throws Exception {
        String service = name("away");
        NamingService there = naming(1);
        NamingService here = naming(0);
        ConfigService configs = configs(0);
        List<String> contents = listened(configs, service);
        List<String> lists = heard(here, service);
        there.registerInstance(service, instance("10.0.0.1", true));
        soon("told", () -> lastIs(lists, "[10.0.0.1]"));
        handOver(service);
        ConfigService others = configs(1);
        soon("registered", () -> did(() -> there.registerInstance(service, instance("10.0.0.2", true))));
        soon("listed", () -> ips(there, service).equals("[10.0.0.2]"));
        soon("published", () -> did(() -> publish(others, service, "meanwhile")));
        same("[10.0.0.1]", lists.get(lists.size() - 1));
        handOver(service);
        soon("told when its node is back", () -> lastIs(lists, "[10.0.0.2]"));
        soon("told of the config when its node is back", () -> lastIs(contents, "meanwhile"));
        there.shutDown();
        here.shutDown();
    }

    /**
     * Calls while the nodes become others: each succeeds, if need be when it is tried again; no instance leaves the lists,
     * and what was registered and published is there.
     */
    void load() throws Exception {
        String service = name("load");
        String all = String.join(",", servers);
        List<NamingService> clients = new ArrayList<>();
        for (int number = 1; number <= 3; number++) {
            NamingService client = NacosFactory.createNamingService(at(all));
            ready(client);
            client.registerInstance(service, instance("10.0.0." + number, true));
            clients.add(client);
        }
        NamingService watcher = NacosFactory.createNamingService(at(all));
        ready(watcher);
        String whole = "[10.0.0.1, 10.0.0.2, 10.0.0.3]";
        List<String> lists = heard(watcher, service);
        soon("told of all", () -> lastIs(lists, whole));
        ConfigService configs = NacosFactory.createConfigService(at(all));
        List<String> contents = listened(NacosFactory.createConfigService(at(all)), service);
        int[] written = new int[1];
        Throwable[] failed = new Throwable[1];
        AtomicBoolean ended = new AtomicBoolean();
        Thread writing = new Thread(() -> {
            try {
                while (!ended.get()) {
                    int number = written[0] + 1;
                    NamingService client = clients.get(number % clients.size());
                    Instance kept = instance("10.1." + (number >> 8) + "." + (number & 255), false);
                    Work registers = () -> client.registerInstance(service + ".kept", kept);
                    soon("registered", () -> did(registers));
                    soon("published", () -> did(() -> publish(configs, service, "" + number)));
                    soon("listed", () -> listed(client, service, whole));
                    written[0] = number;
                    Thread.sleep(50);
                }
            } catch (Throwable error) {
                failed[0] = error;
            }
        });
        writing.start();
        handOver(service);
        ended.set(true);
        writing.join();
        if (failed[0] != null) {
            throw new IllegalStateException(failed[0]);
        }
        NamingService fresh = NacosFactory.createNamingService(at(all));
        ready(fresh);
        soon("all kept", () -> fresh.getAllInstances(service + ".kept", GROUP, Collections.emptyList(), false).size()
            == written[0]);
        soon("told of the last one", () -> lastIs(contents, "" + written[0]));
        same("" + written[0], read(configs, service));
        same(whole, ips(fresh, service));
        List<String> later = lists.subList(lists.indexOf(whole), lists.size());
        same(Collections.nCopies(later.size(), whole), new ArrayList<>(later));
    }

    /** What a server says, not what the client remembers: false if it could not be asked. */
    private static boolean listed(NamingService naming, String service, String wanted) throws Exception {
        String found;
        try {
            found = ips(naming.getAllInstances(service, GROUP, Collections.emptyList(), false));
        } catch (NacosException error) {
            return false;
        }
        same(wanted, found);
        return true;
    }

    /** The test does its part when this says so, and then writes a line. */
    private static void handOver(String name) throws Exception {
        System.out.println("waiting " + name);
        System.out.flush();
        while (System.in.read() != '\n') {
            continue;
        }
    }

    /** An instance and a config, for clients of 1.x in the test to see; then others in their place. */
    void mixed() throws Exception {
        String name = name("mixed");
        NamingService naming = naming(0);
        ConfigService configs = configs(1);
        List<String> lists = heard(naming, name);
        List<String> contents = listened(configs, name);
        naming.registerInstance(name, instance("10.0.0.1", true));
        same(true, configs.publishConfig(name, "g", "by gRPC"));
        handOver(name);
        soon("told of one of 1.x", () -> lastIs(lists, "[10.0.0.1, 10.0.0.9]"));
        soon("told of a config of 1.x", () -> lastIs(contents, "by HTTP"));
        handOver(name);
        naming.registerInstance(name, instance("10.0.0.2", true));
        same(true, configs.publishConfig(name, "g", "by gRPC again"));
        soon("told of the one in its place", () -> lastIs(lists, "[10.0.0.2, 10.0.0.9]"));
        handOver(name);
        naming.shutDown();
        configs.shutDown();
    }

    private interface Work {
        void run() throws Exception;
    }

    private static void publish(ConfigService configs, String id, String content) throws NacosException {
        if (!configs.publishConfig(id, "g", content)) {
            throw new NacosException();
        }
    }

    private static boolean did(Work work) throws Exception {
        try {
            work.run();
            return true;
        } catch (NacosException error) {
            return false;
        }
    }

    // -- stages: configs

    private static List<String> listened(ConfigService configs, String id) throws Exception {
        List<String> contents = Collections.synchronizedList(new ArrayList<>());
        configs.addListener(id, "g", new AbstractListener() {
            @Override
            public void receiveConfigInfo(String content) {
                contents.add(String.valueOf(content));
            }
        });
        return contents;
    }

    /** A copy for some addresses, published by HTTP: who has such an address reads and hears it, another one not. */
    void gray() throws Exception {
        String id = name("gray");
        ConfigService first = configs(0);
        same(true, first.publishConfig(id, "g", "formal"));
        soon("read", () -> "formal".equals(read(first, id)));
        List<String> contents = listened(first, id);
        String beta = "/v1/cs/configs?dataId=" + id + "&group=g";
        same(200, http("POST", beta + "&content=gray", "betaIps", ADDRESS));
        soon("told of the copy", () -> lastIs(contents, "gray"));
        same("gray", read(first, id));
        same(200, http("DELETE", "/v1/cs/configs?beta=true&dataId=" + id + "&group=g"));
        soon("told of the formal one again", () -> lastIs(contents, "formal"));
        same(200, http("POST", beta + "&content=gray", "betaIps", "192.0.2.1"));
        same(true, first.publishConfig(id, "g", "formal too"));
        soon("told of the formal one", () -> lastIs(contents, "formal too"));
        first.shutDown();
    }

    /** One namespace does not see what another holds; the types of contents; a listener of one that is removed. */
    void spaces() throws Exception {
        String id = name("spaces");
        ConfigService here = configs(0);
        ConfigService there = configs(1, "namespace", "space-" + RUN);
        List<String> contents = listened(there, id);
        same(true, there.publishConfig(id, "g", "a: 1", "yaml"));
        soon("read", () -> "a: 1".equals(read(there, id)));
        same(null, read(here, id));
        soon("told", () -> lastIs(contents, "a: 1"));
        same(true, there.removeConfig(id, "g"));
        soon("removed", () -> read(there, id) == null);
        same(true, there.publishConfig(id, "g", "b: 2", "yaml"));
        soon("told of the new one", () -> lastIs(contents, "b: 2"));
        here.shutDown();
        there.shutDown();
    }

    /** Published at one node, read at another; a wrong md5 changes nothing; removed. */
    void publish() throws Exception {
        String id = name("publish");
        ConfigService first = configs(0);
        ConfigService second = configs(1);
        same(null, read(second, id));
        same(true, first.publishConfig(id, "g", "{\"a\":\"\u00e9\u4e2d\"}", "json"));
        soon("read", () -> "{\"a\":\"\u00e9\u4e2d\"}".equals(read(second, id)));
        same(false, first.publishConfigCas(id, "g", "x", md5("y")));
        same(true, first.publishConfigCas(id, "g", "x", md5("{\"a\":\"\u00e9\u4e2d\"}")));
        soon("changed", () -> "x".equals(read(second, id)));
        same(true, second.removeConfig(id, "g"));
        soon("removed", () -> read(first, id) == null);
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

    // -- stages: logins; the namespace "sdk", its password and users are there (see LoginTrial of 1.x)

    private static final String SPACE = "sdk";

    private String[] as(String user, String password) {
        return new String[] {"namespace", SPACE, "username", user, "password", password};
    }

    private static void refused(Callable<?> call) throws Exception {
        Object found;
        try {
            found = call.call();
        } catch (NacosException error) {
            same(true, error.getErrCode() == 403 || String.valueOf(error).contains("403"));
            return;
        }
        throw new IllegalStateException("not refused: " + found);
    }

    private static Callable<?> registers(NamingService naming, String service) {
        return () -> {
            naming.registerInstance(service, instance("10.0.0.1", true));
            return "registered";
        };
    }

    private String password() {
        return System.getenv("TRIAL_PASSWORD");
    }

    /** Who may write does: configs and services, and hears of both. */
    void writer() throws Exception {
        String id = name("writer");
        NamingService naming = naming(0, as("sdk-writer", password()));
        ConfigService configs = configs(1, as("sdk-writer", password()));
        List<String> lists = heard(naming, id);
        List<String> contents = listened(configs, id);
        naming.registerInstance(id, instance("10.0.0.1", true));
        soon("told", () -> lastIs(lists, "[10.0.0.1]"));
        same(true, configs.publishConfig(id, "g", "content"));
        soon("told of the config", () -> lastIs(contents, "content"));
        naming.shutDown();
        configs.shutDown();
    }

    /** Who may read only is refused what writes, and goes on reading. */
    void reader() throws Exception {
        String id = name("reader");
        NamingService naming = naming(0, as("sdk-reader", password()));
        ConfigService configs = configs(1, as("sdk-reader", password()));
        same("[]", ips(naming, id));
        same(null, read(configs, id));
        refused(registers(naming, id));
        same(false, configs.publishConfig(id, "g", "content"));
        same("[]", ips(naming, id));
        naming.shutDown();
        configs.shutDown();
    }

    /** Who has a wrong password is nobody. */
    void wrong() throws Exception {
        String id = name("wrong");
        NamingService naming = naming(0, as("sdk-wrong", "wrong"));
        refused(registers(naming, id));
        refused(() -> ips(naming, id));
        naming.shutDown();
    }

    /** False while it is refused: this client looks every 5 s whether it has to log in again. */
    private static boolean allowed(Callable<Boolean> call) throws Exception {
        try {
            return call.call();
        } catch (NacosException error) {
            same(true, String.valueOf(error).contains("403"));
            return false;
        }
    }

    /** Tokens that hold for seconds: the client gets new ones, and all goes on. */
    void expiry() throws Exception {
        String id = name("expiry");
        NamingService naming = naming(0, as("sdk-writer", password()));
        ConfigService configs = configs(1, as("sdk-writer", password()));
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(16);
        for (int round = 0; System.nanoTime() < end; round++) {
            String content = "round " + round;
            String ip = "10.0.1." + round % 250;
            Thread.sleep(250);
            soon("registered", () -> did(() -> naming.registerInstance(id, instance(ip, true))));
            soon("published", () -> allowed(() -> configs.publishConfig(id, "g", content)));
            soon("read", () -> allowed(() -> content.equals(read(configs, id))));
            soon("listed", () -> allowed(() -> ips(naming, id).equals("[" + ip + "]")));
        }
        naming.shutDown();
        configs.shutDown();
    }
}
