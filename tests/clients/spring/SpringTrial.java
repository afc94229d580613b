// A Spring Cloud Alibaba application (2.2 with client 1.4, 2021 and later with 2.x): registers itself, finds itself and
// answers through the load balancer, deregisters as it ends. Prints "ok <stage>" or "FAILED <stage> <why>".
//
//   java -cp classes:deps/* SpringTrial <a:port,b:port,c:port>

import java.util.List;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.discovery.DiscoveryClient;
import org.springframework.cloud.client.loadbalancer.LoadBalanced;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestTemplate;

@Configuration(proxyBeanMethods = false)
@EnableAutoConfiguration
@RestController
public class SpringTrial {
    @Bean
    @LoadBalanced
    public RestTemplate template() {
        return new RestTemplate();
    }

    @GetMapping("/hello")
    public String hello() {
        return "hello";
    }

    public static void main(String[] arguments) throws Exception {
        String name = "spring-trial-" + Long.toString(System.nanoTime(), 36);
        SpringApplication application = new SpringApplication(SpringTrial.class);
        application.setDefaultProperties(Map.of(
            "spring.application.name", name, "server.port", "0", "server.address", "127.0.0.1",
            "spring.main.banner-mode", "off", "logging.level.root", "error",
            "spring.cloud.loadbalancer.ribbon.enabled", "false",
            "spring.cloud.nacos.discovery.ip", "127.0.0.1",
            "spring.cloud.nacos.discovery.server-addr", arguments[0]));
        ConfigurableApplicationContext context = application.run();
        DiscoveryClient discovery = context.getBean(DiscoveryClient.class);
        List<ServiceInstance> found = List.of();
        for (int tries = 0; tries < 100 && found.isEmpty(); tries++) {
            Thread.sleep(100);
            found = discovery.getInstances(name);
        }
        stage("discovery", found.size() == 1 && found.get(0).getHost().equals("127.0.0.1")
            && "SPRING_CLOUD".equals(found.get(0).getMetadata().get("preserved.register.source")), found);
        stage("names", discovery.getServices().contains(name), discovery.getServices());
        String answer = context.getBean(RestTemplate.class).getForObject("http://" + name + "/hello", String.class);
        stage("balanced", "hello".equals(answer), answer);
        context.close();
        stage("closed", true, "");
        System.out.println("name " + name);
        System.out.flush();
        Runtime.getRuntime().halt(0);
    }

    private static void stage(String name, boolean good, Object found) {
        System.out.println((good ? "ok " : "FAILED ") + name + (good ? "" : " " + found));
    }
}
