// What an application does with Nacos's own Java client, against a running cluster. Each stage prints "ok <stage>" or
// "FAILED <stage> <why>"; the test that starts this program reads these lines.
//
//   java -cp 'deps/*' NamingTrial.java <a:port,b:port,c:port> <seconds of beats> <stage>...

import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.naming.NamingFactory;
import com.alibaba.nacos.api.naming.NamingMaintainFactory;
import com.alibaba.nacos.api.naming.NamingMaintainService;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.listener.EventListener;
import com.alibaba.nacos.api.naming.listener.NamingEvent;
import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.api.naming.pojo.ListView;
import com.alibaba.nacos.api.naming.pojo.Service;
import com.alibaba.nacos.api.selector.ExpressionSelector;
import com.alibaba.nacos.api.selector.NoneSelector;
import java.net.HttpURLConnection;
import java.net.URL;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

public class NamingTrial {
    private static final String RUN = Long.toString(System.nanoTime(), 36);

    private final String[] servers;
    private final long beatMillis;
    private final NamingService all;
    private final NamingService first;
    private final NamingService second;
    private final NamingMaintainService maintain;

    private NamingTrial(String servers, long beatSeconds) throws Exception {
        this.servers = servers.split(",");
        this.beatMillis = beatSeconds * 1000;
        all = NamingFactory.createNamingService(at(servers));
        first = NamingFactory.createNamingService(at(this.servers[0]));
        second = NamingFactory.createNamingService(at(this.servers[1 % this.servers.length]));
        maintain = NamingMaintainFactory.createMaintainService(at(servers));
    }

    private static Properties at(String servers) {
        Properties found = new Properties();
        found.setProperty("serverAddr", servers);
        return found;
    }

    public static void main(String[] arguments) throws Exception {
        NamingTrial trial = new NamingTrial(arguments[0], Long.parseLong(arguments[1]));
        boolean failed = false;
        for (String stage : Arrays.copyOfRange(arguments, 2, arguments.length)) {
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

    private static String name(String what) {
        return what + "." + RUN;
    }

    private static void same(Object wanted, Object found) {
        if (!wanted.equals(found)) {
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
        TreeSet<String> found = new TreeSet<>();
        instances.forEach(each -> found.add(each.getIp()));
        return String.join(" ", found);
    }

    private static String ips(NamingService naming, String service) throws Exception {
        return ips(naming.getAllInstances(service, "DEFAULT_GROUP", Collections.emptyList(), false));
    }

    private void http(String method, String path) throws Exception {
        HttpURLConnection link = (HttpURLConnection) new URL("http://" + servers[0] + "/nacos" + path).openConnection();
        link.setRequestMethod(method);
        same(200, link.getResponseCode());
        same("ok", new String(link.getInputStream().readAllBytes()));
    }

    // -- stages

    void status() throws Exception {
        soon("UP", () -> "UP".equals(all.getServerStatus()));
    }

    void register() throws Exception {
        String service = name("register");
        all.registerInstance(service, instance("10.1.0.1", true));
        all.registerInstance(service, "10.1.0.2", 8081);
        all.registerInstance(service, "other", "10.1.0.3", 8082, "c2");
        soon("both", () -> "10.1.0.1 10.1.0.2".equals(ips(second, service)));
        List<Instance> found = second.getAllInstances(service, Collections.singletonList("c1"), false);
        Instance one = found.get(0);
        same(1, found.size());
        same("10.1.0.1#8080#c1#DEFAULT_GROUP@@" + service, one.getInstanceId());
        same("DEFAULT_GROUP@@" + service, one.getServiceName());
        same(Map.of("zone", "a b&=\u00e9\u4e2d"), one.getMetadata());
        same("2.5 true true true c1", one.getWeight() + " " + one.isHealthy() + " " + one.isEnabled() + " "
            + one.isEphemeral() + " " + one.getClusterName());
        soon("other", () -> "10.1.0.3".equals(
            ips(first.getAllInstances(service, "other", Collections.emptyList(), false))));
        all.deregisterInstance(service, "10.1.0.2", 8081);
        soon("one left", () -> "10.1.0.1".equals(ips(all, service)));
        first.deregisterInstance(service, "10.1.0.1", 8080, "c1");
        same("", ips(first, service)); // the node that took a write shows it at once
    }

    void persistent() throws Exception {
        String service = name("persistent");
        all.registerInstance(service, instance("127.0.0.1", false));
        soon("listed", () -> "127.0.0.1".equals(ips(second, service)));
        Instance one = second.getAllInstances(service, false).get(0);
        same(false, one.isEphemeral());
        all.deregisterInstance(service, one);
        soon("gone", () -> ips(second, service).isEmpty());
    }

    /** What clients from 2.0 on still do by HTTP: writes of persistent instances, and all maintenance. */
    void persistentWrites() throws Exception {
        String service = name("writes");
        Instance one = instance("127.0.0.1", false);
        all.registerInstance(service, one);
        soon("listed", () -> listed(service).contains("\"weight\":2.5"));
        one.setWeight(7.0);
        maintain.updateInstance(service, one);
        soon("changed", () -> listed(service).contains("\"weight\":7.0"));
        all.deregisterInstance(service, one);
        soon("gone", () -> listed(service).contains("\"hosts\":[]"));
    }

    private String listed(String service) throws Exception {
        return new String(new URL("http://" + servers[0] + "/nacos/v1/ns/instance/list?serviceName=" + service)
            .openStream().readAllBytes());
    }

    void select() throws Exception {
        String service = name("select");
        Instance weak = instance("10.1.1.2", true);
        weak.setHealthy(false);
        all.registerInstance(service, instance("10.1.1.1", true));
        all.registerInstance(service, weak);
        soon("both", () -> first.selectInstances(service, true, false).size() >= 1
            && ips(first, service).equals("10.1.1.1 10.1.1.2"));
        same("10.1.1.1", first.selectOneHealthyInstance(service, Collections.singletonList("c1")).getIp());
        // The first beat makes the weak one healthy.
        soon("healthy", () -> first.selectInstances(service, true, false).size() == 2);
        same(0, first.selectInstances(service, false, false).size());
    }

    /** Beats carry the leases, first light ones, then, as the switch says, full ones. */
    void beats() throws Exception {
        String service = name("beats");
        Instance one = instance("10.1.2.1", true);
        if (beatMillis < 31000) {
            one.getMetadata().putAll(Map.of("preserved.heart.beat.interval", "1000",
                "preserved.heart.beat.timeout", "5000", "preserved.ip.delete.timeout", "5500"));
        }
        all.registerInstance(service, one);
        beating(service, one);
        http("PUT", "/v1/ns/operator/switches?entry=lightBeatEnabled&value=false");
        try {
            beating(service, one);
        } finally {
            http("PUT", "/v1/ns/operator/switches?entry=lightBeatEnabled&value=true");
        }
        all.deregisterInstance(service, one);
    }

    private void beating(String service, Instance one) throws Exception {
        long end = System.currentTimeMillis() + beatMillis;
        while (System.currentTimeMillis() < end) {
            Thread.sleep(500);
            List<Instance> found = second.getAllInstances(service, "DEFAULT_GROUP", Collections.emptyList(), false);
            same("10.1.2.1", ips(found));
            same(true, found.get(0).isHealthy());
            same(one.getMetadata(), found.get(0).getMetadata());
        }
    }

    /** A subscriber at one node hears, by UDP, of what is written at another, and of its own clusters only. */
    void subscribe() throws Exception {
        String service = name("subscribe");
        BlockingQueue<String> events = new LinkedBlockingQueue<>();
        BlockingQueue<String> others = new LinkedBlockingQueue<>();
        EventListener listener = event -> events.add(ips(((NamingEvent) event).getInstances()));
        first.registerInstance(service, instance("10.1.3.1", true));
        soon("seen", () -> "10.1.3.1".equals(ips(second, service)));
        second.subscribe(service, "DEFAULT_GROUP", List.of("c1"), listener);
        second.subscribe(service, "DEFAULT_GROUP", List.of("c2"), event -> others.add(ips(
            ((NamingEvent) event).getInstances())));
        heard(events, "10.1.3.1", 60000);
        soon("subscribed", () -> second.getSubscribeServices().stream().anyMatch(
            each -> each.getName().endsWith(service)));
        Thread.sleep(1500); // so that the client's own poll, which comes every 10 s now, is not what tells it
        Instance large = instance("10.1.3.2", true);
        large.getMetadata().put("pad", "x".repeat(1200)); // its datagram comes compressed
        first.registerInstance(service, large);
        heard(events, "10.1.3.1 10.1.3.2", 2500);
        first.deregisterInstance(service, "10.1.3.2", 8080, "c1");
        heard(events, "10.1.3.1", 2500);
        first.deregisterInstance(service, "10.1.3.1", 8080, "c1");
        heard(events, "", 2500);
        same(0, (int) others.stream().filter(each -> !each.isEmpty()).count());
        second.unsubscribe(service, "DEFAULT_GROUP", List.of("c1"), listener);
        first.registerInstance(service, instance("10.1.3.3", true));
        Thread.sleep(1000);
        same(0, events.size());
        first.deregisterInstance(service, "10.1.3.3", 8080, "c1");
    }

    private static void heard(BlockingQueue<String> events, String wanted, long millis) throws Exception {
        long end = System.currentTimeMillis() + millis;
        String last = "nothing";
        while (System.currentTimeMillis() < end) {
            String found = events.poll(20, TimeUnit.MILLISECONDS);
            if (found != null && (last = found).equals(wanted)) {
                return;
            }
        }
        throw new IllegalStateException("no event [" + wanted + "] within " + millis + " ms; last [" + last + "]");
    }

    void maintainInstance() throws Exception {
        String service = name("maintain");
        Instance one = instance("10.1.4.1", true);
        all.registerInstance(service, one);
        one.setWeight(7.0);
        one.setMetadata(new HashMap<>(Map.of("new", "1")));
        maintain.updateInstance(service, one);
        soon("weight", () -> second.getAllInstances(service, "DEFAULT_GROUP", Collections.emptyList(), false)
            .get(0).getWeight() == 7.0);
        same(Map.of("new", "1"), second.getAllInstances(service, "DEFAULT_GROUP", Collections.emptyList(), false)
            .get(0).getMetadata());
        one.setEnabled(false);
        maintain.updateInstance(service, one);
        soon("disabled", () -> ips(second, service).isEmpty());
        one.setIp("10.1.4.9");
        try {
            maintain.updateInstance(service, one);
            throw new IllegalStateException("an unknown instance was updated");
        } catch (NacosException expected) {
            same(true, expected.getErrMsg().contains("instance not exist"));
        }
        all.deregisterInstance(service, "10.1.4.1", 8080, "c1");
    }

    void services() throws Exception {
        String service = name("service");
        Service wanted = new Service(service);
        wanted.setGroupName("g1");
        wanted.setProtectThreshold(1.0f);
        wanted.setMetadata(new HashMap<>(Map.of("owner", "\u4e2d&=")));
        maintain.createService(wanted, new NoneSelector());
        soon("created", () -> seen(service, service + " g1 1.0 {owner=\u4e2d&=} null"));
        wanted.setProtectThreshold(0.5f);
        wanted.setMetadata(new HashMap<>());
        ExpressionSelector selector = new ExpressionSelector();
        selector.setExpression("CONSUMER.label.A=PROVIDER.label.A &CONSUMER.label.B=PROVIDER.label.B");
        maintain.updateService(wanted, selector);
        soon("updated", () -> seen(service, service + " g1 0.5 {} null"));
        try {
            maintain.createService(wanted, new NoneSelector());
            throw new IllegalStateException("created twice");
        } catch (NacosException expected) {
            same(true, expected.getErrMsg().contains("already exists"));
        }
        same(true, maintain.deleteService(service, "g1"));
        soon("deleted", () -> seen(service, "none"));
    }

    /** Whether the node that is asked this time shows this of the service; another than the one written to may lag. */
    private boolean seen(String service, String wanted) {
        String shown;
        try {
            Service found = maintain.queryService(service, "g1");
            shown = found.getName() + " " + found.getGroupName() + " " + found.getProtectThreshold() + " "
                + found.getMetadata() + " " + found.getAppName();
        } catch (NacosException error) {
            same(true, error.getErrMsg().contains(service));
            shown = "none";
        }
        return shown.equals(wanted);
    }

    void serviceList() throws Exception {
        String service = name("listed");
        Instance one = instance("10.1.5.1", true);
        one.setMetadata(new HashMap<>(Map.of("registerSource", "dubbo" + RUN)));
        int before = all.getServicesOfServer(1, 10).getCount();
        all.registerInstance(service, one);
        soon("counted", () -> second.getServicesOfServer(1, 10).getCount() == before + 1);
        ExpressionSelector selector = new ExpressionSelector();
        selector.setExpression("INSTANCE.label.registerSource = 'dubbo" + RUN + "'");
        ListView<String> found = all.getServicesOfServer(1, 10, selector);
        same("1 [" + service + "]", found.getCount() + " " + found.getData());
        all.deregisterInstance(service, one);
    }

    /** Prints "waiting"; goes on when a line comes in, when one of the three nodes is dead. */
    void failover() throws Exception {
        String service = name("failover");
        all.registerInstance(service, instance("10.1.6.1", true));
        System.out.println("waiting");
        System.out.flush();
        System.in.read();
        for (int number = 2; number < 8; number++) {
            all.registerInstance(service, instance("10.1.6." + number, true));
        }
        soon("all", () -> all.getAllInstances(service, "DEFAULT_GROUP", Collections.emptyList(), false).size() == 7);
        Thread.sleep(6000); // beats go on
        same(7, all.selectInstances(service, "DEFAULT_GROUP", Collections.emptyList(), true, false).size());
        same("UP", all.getServerStatus());
    }
}
