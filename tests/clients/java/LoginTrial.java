// What an application does with Nacos's own Java client that has a name and a password, against a cluster that asks for
// logins. Each stage prints "ok <stage>" or "FAILED <stage> <why>"; the test that starts this program reads these lines.
//
//   java -cp 'deps/*' LoginTrial.java <a:port,b:port,c:port> <namespace> <password of writer and reader> <stage>...

import com.alibaba.nacos.api.config.ConfigFactory;
import com.alibaba.nacos.api.config.ConfigService;
import com.alibaba.nacos.api.config.listener.Listener;
import com.alibaba.nacos.api.exception.NacosException;
import com.alibaba.nacos.api.naming.NamingFactory;
import com.alibaba.nacos.api.naming.NamingService;
import com.alibaba.nacos.api.naming.pojo.Instance;
import java.util.Arrays;
import java.util.Properties;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

public class LoginTrial {
    private static final String RUN = Long.toString(System.nanoTime(), 36);
    private static final String GROUP = "g";

    private final String servers;
    private final String namespace;
    private final String password;

    private LoginTrial(String[] arguments) {
        servers = arguments[0];
        namespace = arguments[1];
        password = arguments[2];
    }

    public static void main(String[] arguments) throws Exception {
        LoginTrial trial = new LoginTrial(arguments);
        boolean failed = false;
        for (String stage : Arrays.copyOfRange(arguments, 3, arguments.length)) {
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

    private Properties as(String user, String password) {
        Properties found = new Properties();
        found.setProperty("serverAddr", servers);
        found.setProperty("namespace", namespace);
        found.setProperty("username", user);
        found.setProperty("password", password);
        return found;
    }

    private ConfigService configs(String user) throws NacosException {
        return ConfigFactory.createConfigService(as(user, password));
    }

    private NamingService naming(String user) throws NacosException {
        return NamingFactory.createNamingService(as(user, password));
    }

    private static Instance instance() {
        Instance found = new Instance();
        found.setIp("127.0.0.1");
        found.setPort(8080);
        found.setEphemeral(false); // without beats, which would go on asking
        return found;
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
            Thread.sleep(250); // the client itself allows five requests a second for one config
        }
    }

    /** The part for services makes an error of the server's of each; the answer is in its text. */
    private static void unregistered(NamingService naming, String name, String answer) throws Exception {
        try {
            naming.registerInstance(name, instance());
        } catch (NacosException error) {
            same(true, error.toString().contains(answer));
            return;
        }
        throw new IllegalStateException("registered");
    }

    private static void refused(Callable<?> call) throws Exception {
        try {
            throw new IllegalStateException("not refused: " + call.call());
        } catch (NacosException error) {
            same(403, error.getErrCode());
        }
    }

    // -- stages

    /** Who may write does: configs and services. */
    private void writer() throws Exception {
        ConfigService configs = configs("sdk-writer");
        same(true, configs.publishConfig("java." + RUN, GROUP, "content"));
        soon("published", () -> "content".equals(configs.getConfig("java." + RUN, GROUP, 30000)));
        NamingService naming = naming("sdk-writer");
        naming.registerInstance("java." + RUN, instance());
        soon("listed", () -> naming.getAllInstances("java." + RUN, false).size() == 1);
        naming.deregisterInstance("java." + RUN, instance());
        same(true, configs.removeConfig("java." + RUN, GROUP));
    }

    /** Who may read does so, and is refused to write, with the code 403 of the client's exception. */
    private void reader() throws Exception {
        same(true, configs("sdk-writer").publishConfig("read." + RUN, GROUP, "content"));
        ConfigService configs = configs("sdk-reader");
        soon("read", () -> "content".equals(configs.getConfig("read." + RUN, GROUP, 30000)));
        refused(() -> configs.publishConfig("read." + RUN, GROUP, "changed"));
        refused(() -> configs.removeConfig("read." + RUN, GROUP));
        NamingService naming = naming("sdk-reader");
        same(0, naming.getAllInstances("read." + RUN, false).size());
        unregistered(naming, "read." + RUN, "authorization failed!");
    }

    /** A wrong password gets nothing. */
    private void wrong() throws Exception {
        Properties wrong = as("sdk-wrong", "wrong");
        ConfigService configs = ConfigFactory.createConfigService(wrong);
        refused(() -> configs.getConfig("wrong." + RUN, GROUP, 30000));
        refused(() -> configs.publishConfig("wrong." + RUN, GROUP, "content"));
        NamingService naming = NamingFactory.createNamingService(wrong);
        unregistered(naming, "wrong." + RUN, "unknown user!");
    }

    /** A reader hears of changes. */
    private void listener() throws Exception {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        ConfigService configs = configs("sdk-reader");
        configs.addListener("heard." + RUN, GROUP, new Listener() {
            @Override
            public Executor getExecutor() {
                return null;
            }

            @Override
            public void receiveConfigInfo(String content) {
                heard.add(content);
            }
        });
        Thread.sleep(1000); // until its poll is held
        for (String content : new String[] {"one", "two"}) {
            same(true, configs("sdk-writer").publishConfig("heard." + RUN, GROUP, content));
            String found = heard.poll(60, TimeUnit.SECONDS);
            same(content, String.valueOf(found));
        }
    }

    /** Tokens that hold for seconds: it is refused when one is over, logs in again, and goes on. */
    private void expiry() throws Exception {
        same(true, configs("sdk-writer").publishConfig("expiry." + RUN, GROUP, "content"));
        ConfigService configs = configs("sdk-reader");
        Callable<Boolean> read = () -> {
            try {
                return "content".equals(configs.getConfig("expiry." + RUN, GROUP, 30000));
            } catch (NacosException error) {
                return false;
            }
        };
        soon("read", read);
        soon("refused", () -> {
            try {
                configs.getConfig("expiry." + RUN, GROUP, 30000);
                return false;
            } catch (NacosException error) {
                return error.getErrCode() == 403;
            }
        });
        soon("read again", read);
    }
}
