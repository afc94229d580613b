// A provider and a consumer of Dubbo 3, each an application of its own: the consumer finds the provider in the registry,
// calls it, and hears that it is gone. Prints "ok <stage>" or "FAILED <stage> <why>".
//
//   java -cp 'classes:deps/*' DubboTrial <a:port,b:port,c:port>

import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.apache.dubbo.config.ApplicationConfig;
import org.apache.dubbo.config.ProtocolConfig;
import org.apache.dubbo.config.ReferenceConfig;
import org.apache.dubbo.config.RegistryConfig;
import org.apache.dubbo.config.ServiceConfig;
import org.apache.dubbo.config.bootstrap.DubboBootstrap;

public class DubboTrial {
    /** What is called. */
    public interface Greeting {
        String greet(String name);
    }

    private static final String RUN = Long.toString(System.nanoTime(), 36);

    private static DubboBootstrap application(String name, String servers) {
        String[] all = servers.split(",", 2);
        ApplicationConfig application = new ApplicationConfig(name + "-" + RUN);
        application.setQosEnable(false);
        application.setLogger("jdk");
        RegistryConfig registry = new RegistryConfig(
            "nacos://" + all[0] + (all.length > 1 ? "?backup=" + all[1] : ""));
        DubboBootstrap found = DubboBootstrap.newInstance();
        found.application(application).registry(registry);
        return found;
    }

    private static void soon(String stage, Callable<Boolean> holds) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        String last = "";
        while (System.nanoTime() < end) {
            try {
                if (holds.call()) {
                    System.out.println("ok " + stage);
                    return;
                }
            } catch (Exception error) {
                last = String.valueOf(error).replace('\n', ' ');
            }
            Thread.sleep(100);
        }
        System.out.println("FAILED " + stage + " " + last);
    }

    private static boolean refused(Greeting greeting) {
        try {
            greeting.greet("nobody");
            return false;
        } catch (Exception error) {
            return String.valueOf(error).contains("No provider available");
        }
    }

    public static void main(String[] arguments) throws Exception {
        ServiceConfig<Greeting> service = new ServiceConfig<>();
        service.setInterface(Greeting.class);
        service.setRef(name -> "hello " + name);
        service.setGroup(RUN);
        ProtocolConfig protocol = new ProtocolConfig("dubbo", -1);
        protocol.setHost("127.0.0.1");
        DubboBootstrap provider = application("provider", arguments[0]).protocol(protocol).service(service);
        provider.start();
        System.out.println("ok provider");
        ReferenceConfig<Greeting> reference = new ReferenceConfig<>();
        reference.setInterface(Greeting.class);
        reference.setGroup(RUN);
        reference.setScope("remote");
        reference.setCheck(false);
        reference.setTimeout(30000);
        DubboBootstrap consumer = application("consumer", arguments[0]).reference(reference);
        consumer.start();
        Greeting greeting = reference.get();
        soon("call", () -> "hello you".equals(greeting.greet("you")));
        provider.stop();
        soon("gone", () -> refused(greeting));
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }
}
