// What only clients of 3.x have, in StreamTrial's way of saying how it went: locks, and watching by patterns.
//
//   java -cp 'deps/*' NewerTrial <a:port,b:port,c:port> <stage>...

import com.alibaba.nacos.api.NacosFactory;
import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.config.listener.ConfigFuzzyWatchChangeEvent;
import com.alibaba.nacos.api.lock.LockService;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.listener.FuzzyWatchChangeEvent;
import com.alibaba.nacos.api.naming.pojo.Instance;
import com.alibaba.nacos.client.lock.core.NLockFactory;
import java.net.HttpURLConnection;
import java.net.URL;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

public class NewerTrial {
    private static final String RUN = Long.toString(System.nanoTime(), 36);
    private static final String GROUP = "DEFAULT_GROUP";

    private final String[] servers;

    private NewerTrial(String servers) {
        this.servers = servers.split(",");
    }

    public static void main(String[] arguments) throws Exception {
        NewerTrial trial = new NewerTrial(arguments[0]);
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
        found.setProperty("clientWorkerThreadCount", "8"); // it watches by none where a machine has two cores
        return found;
    }

    private NamingService naming(int server) throws Exception {
        NamingService found = NacosFactory.createNamingService(at(server));
        soon("connected", () -> "UP".equals(found.getServerStatus()));
        return found;
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

    private static Instance instance(String ip) {
        Instance found = new Instance();
        found.setIp(ip);
        found.setPort(8080);
        return found;
    }

    private int http(String method, String path) throws Exception {
        HttpURLConnection link = (HttpURLConnection) new URL("http://" + servers[0] + "/nacos" + path).openConnection();
        link.setRequestMethod(method);
        return link.getResponseCode();
    }

    // -- locks

    private static boolean locked(LockService service, String key) throws Exception {
        return service.lock(NLockFactory.getLock(key, 600_000L));
    }

    private static boolean released(LockService service, String key) throws Exception {
        return service.unLock(NLockFactory.getLock(key));
    }

    /** One client at a time, over nodes; who has not got it cannot release it; it is free when it is released. */
    void lock() throws Exception {
        String key = "java.lock." + RUN;
        LockService first = NacosFactory.createLockService(at(0));
        LockService second = NacosFactory.createLockService(at(1));
        soon("connected", () -> locked(first, key));
        same(false, locked(second, key));
        same(false, released(second, key));
        same(false, locked(second, key));
        same(true, locked(second, key + ".other"));
        same(true, released(first, key));
        same(true, locked(second, key));
        same(false, locked(first, key));
        second.shutdown();
        soon("free when its owner has gone", () -> locked(first, key));
        first.shutdown();
    }

    /** A lock is free when its time is over. */
    void lease() throws Exception {
        String key = "java.lease." + RUN;
        LockService first = NacosFactory.createLockService(at(0));
        LockService second = NacosFactory.createLockService(at(1));
        soon("connected", () -> first.lock(NLockFactory.getLock(key, 1500L)));
        soon("over", () -> locked(second, key));
        same(false, locked(first, key));
        first.shutdown();
        second.shutdown();
    }

    // -- watching by patterns

    private static class Services extends com.alibaba.nacos.api.naming.listener.AbstractFuzzyWatchEventWatcher {
        final Set<String> there = Collections.synchronizedSet(new TreeSet<>());

        @Override
        public void onEvent(FuzzyWatchChangeEvent event) {
            String name = event.getGroupName() + "/" + event.getServiceName();
            if (event.getChangeType().startsWith("DELETE")) {
                there.remove(name);
            } else {
                there.add(name);
            }
        }
    }

    /** Services of before are told at once, later ones as they come, and that one goes; others are not. */
    void services() throws Exception {
        String start = "java.watch." + RUN;
        NamingService first = naming(0);
        NamingService second = naming(1);
        first.registerInstance(start + ".a", instance("10.0.0.1"));
        Services watcher = new Services();
        second.fuzzyWatch(start + "*", GROUP, watcher);
        String prefix = GROUP + "/" + start;
        soon("told of the first", () -> watcher.there.equals(Set.of(prefix + ".a")));
        first.registerInstance("apart." + start, instance("10.0.0.1"));
        first.registerInstance(start + ".c", "other", instance("10.0.0.1"));
        for (int number = 0; number < 25; number++) {
            first.registerInstance(start + ".b" + number, instance("10.0.0.1"));
        }
        soon("told of all", () -> watcher.there.size() == 26);
        same(true, watcher.there.stream().allMatch(name -> name.startsWith(prefix)));
        Services later = new Services();
        List<String> keys = second.fuzzyWatchWithServiceKeys(start + "*", GROUP, later).get(60, TimeUnit.SECONDS).getData();
        same(26, keys.size());
        first.deregisterInstance(start + ".a", instance("10.0.0.1"));
        soon("removed", () -> http("DELETE", "/v1/ns/service?serviceName=" + start + ".a") == 200);
        soon("told that it is gone", () -> !watcher.there.contains(prefix + ".a"));
        same(25, watcher.there.size());
        second.cancelFuzzyWatch(start + "*", GROUP, watcher);
        first.shutDown();
        second.shutDown();
    }

    private static class Configs extends com.alibaba.nacos.api.config.listener.AbstractFuzzyWatchEventWatcher {
        final Set<String> there = Collections.synchronizedSet(new TreeSet<>());

        @Override
        public void onEvent(ConfigFuzzyWatchChangeEvent event) {
            String name = event.getGroup() + "/" + event.getDataId();
            if (event.getChangedType().startsWith("DELETE")) {
                there.remove(name);
            } else {
                there.add(name);
            }
        }
    }

    /** The same of configs. */
    void configs() throws Exception {
        String start = "java.watch." + RUN;
        ConfigService first = NacosFactory.createConfigService(at(0));
        ConfigService second = NacosFactory.createConfigService(at(1));
        same(true, first.publishConfig(start + ".a", "g", "content"));
        Configs watcher = new Configs();
        second.fuzzyWatch(start + "*", "g", watcher);
        soon("told of the first", () -> watcher.there.equals(Set.of("g/" + start + ".a")));
        same(true, first.publishConfig("apart." + start, "g", "content"));
        same(true, first.publishConfig(start + ".c", "other", "content"));
        for (int number = 0; number < 25; number++) {
            same(true, first.publishConfig(start + ".b" + number, "g", "content"));
        }
        soon("told of all", () -> watcher.there.size() == 26);
        Configs later = new Configs();
        same(26, second.fuzzyWatchWithGroupKeys(start + "*", "g", later).get(60, TimeUnit.SECONDS).size());
        same(true, first.removeConfig(start + ".a", "g"));
        soon("told that it is gone", () -> !watcher.there.contains("g/" + start + ".a"));
        same(25, watcher.there.size());
        first.shutDown();
        second.shutDown();
    }
}
