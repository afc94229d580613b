// What an application does with Nacos's own Rust client, against a running cluster. Each stage prints "ok <stage>" or
// "FAILED <stage> <why>"; the test that starts this program reads these lines.
//
//   stream-trial <a:port,b:port,c:port> <stage>...
//
// Stages with logins take the password of their users from TRIAL_PASSWORD.

use nacos_sdk::api::config::{ConfigChangeListener, ConfigResponse, ConfigService, ConfigServiceBuilder};
use nacos_sdk::api::error::Error;
use nacos_sdk::api::naming::{
    NamingChangeEvent, NamingEventListener, NamingService, NamingServiceBuilder, ServiceInstance,
};
use nacos_sdk::api::props::ClientProps;
use std::collections::HashMap;
use std::fmt::Debug;
use std::future::Future;
use std::io::{BufRead, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

type Outcome = Result<(), String>;

const GROUP: &str = "DEFAULT_GROUP";

struct Trial {
    servers: Vec<String>,
    run: String,
}

// -- help

fn said(error: Error) -> String {
    error.to_string()
}

fn same<T: PartialEq + Debug>(wanted: T, found: T) -> Outcome {
    if wanted == found {
        Ok(())
    } else {
        Err(format!("wanted {wanted:?}, found {found:?}"))
    }
}

async fn soon<F, R>(what: &str, holds: F) -> Outcome
where
    F: Fn() -> R,
    R: Future<Output = Result<bool, String>>,
{
    let end = Instant::now() + Duration::from_secs(60);
    while !holds().await? {
        if Instant::now() > end {
            return Err(format!("not within 60 s: {what}"));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

fn instance(ip: &str, ephemeral: bool) -> ServiceInstance {
    ServiceInstance {
        ip: ip.to_string(),
        port: 8080,
        weight: 2.5,
        ephemeral,
        cluster_name: Some("c1".to_string()),
        metadata: HashMap::from([("zone".to_string(), "a b&=\u{e9}\u{4e2d}".to_string())]),
        ..Default::default()
    }
}

fn group(name: &str) -> Option<String> {
    Some(name.to_string())
}

async fn ips(naming: &NamingService, service: &str) -> Result<Vec<String>, String> {
    ips_of(naming, service, GROUP, &[]).await
}

async fn ips_of(naming: &NamingService, service: &str, of: &str, clusters: &[&str]) -> Result<Vec<String>, String> {
    let clusters = clusters.iter().map(|name| name.to_string()).collect();
    let found = naming.get_all_instances(service.to_string(), group(of), clusters, false).await.map_err(said)?;
    let mut ips: Vec<String> = found.into_iter().map(|each| each.ip).collect();
    ips.sort();
    Ok(ips)
}

/// What a config is; "" if there is none.
async fn read(configs: &ConfigService, id: &str) -> Result<String, String> {
    match configs.get_config(id.to_string(), "g".to_string()).await {
        Ok(found) => Ok(found.content().clone()),
        Err(Error::ConfigNotFound(_)) => Ok(String::new()),
        Err(error) => Err(said(error)),
    }
}

async fn publish(configs: &ConfigService, id: &str, content: &str) -> Result<bool, String> {
    let given = (id.to_string(), "g".to_string(), content.to_string());
    configs.publish_config(given.0, given.1, given.2, Some("text".to_string())).await.map_err(said)
}

#[derive(Default)]
struct Heard {
    all: Mutex<Vec<String>>,
}

impl Heard {
    fn last(&self) -> String {
        self.all.lock().unwrap().last().cloned().unwrap_or_default()
    }

    async fn hears(&self, what: &str) -> Outcome {
        soon(what, || async { Ok(self.last() == what) }).await
    }
}

impl ConfigChangeListener for Heard {
    fn notify(&self, found: ConfigResponse) {
        self.all.lock().unwrap().push(found.content().clone());
    }
}

impl NamingEventListener for Heard {
    fn event(&self, event: Arc<NamingChangeEvent>) {
        let found = event.instances.clone().unwrap_or_default();
        let mut ips: Vec<String> = found.into_iter().map(|each| each.ip).collect();
        ips.sort();
        self.all.lock().unwrap().push(format!("[{}]", ips.join(", ")));
    }
}

async fn subscribed(naming: &NamingService, service: &str) -> Result<Arc<Heard>, String> {
    let heard = Arc::new(Heard::default());
    naming.subscribe(service.to_string(), group(GROUP), vec![], heard.clone()).await.map_err(said)?;
    Ok(heard)
}

/// A listener that has heard of a change. This client tells nothing of the first content that it finds, asks to be told
/// without waiting for the answer, and does not read in it what differs by then; so there are changes until it hears.
async fn listened(configs: &ConfigService, id: &str) -> Result<Arc<Heard>, String> {
    let heard = Arc::new(Heard::default());
    same(true, publish(configs, id, "before").await?)?;
    soon("read", || async { Ok(read(configs, id).await? == "before") }).await?;
    configs.add_listener(id.to_string(), "g".to_string(), heard.clone()).await.map_err(said)?;
    let (round, next) = (Mutex::new(0), Mutex::new(Instant::now()));
    soon("told of any change", || async {
        if Instant::now() > *next.lock().unwrap() {
            *next.lock().unwrap() = Instant::now() + Duration::from_secs(2);
            *round.lock().unwrap() += 1;
            let content = format!("round {}", round.lock().unwrap());
            same(true, publish(configs, id, &content).await?)?;
        }
        Ok(heard.last().starts_with("round"))
    })
    .await?;
    Ok(heard)
}

/// The test does its part when this says so, and then writes a line.
fn hand_over(name: &str) -> Outcome {
    println!("waiting {name}");
    std::io::stdout().flush().map_err(|error| error.to_string())?;
    std::io::stdin().lock().read_line(&mut String::new()).map(|_| ()).map_err(|error| error.to_string())
}

impl Trial {
    fn name(&self, what: &str) -> String {
        format!("rust.{what}.{}", self.run)
    }

    fn props(&self, servers: &str, space: &str) -> ClientProps {
        ClientProps::new().server_addr(servers).namespace(space).naming_push_empty_protection(false)
    }

    fn at(&self, server: usize) -> &str {
        &self.servers[server % self.servers.len()]
    }

    async fn naming(&self, server: usize, space: &str) -> Result<NamingService, String> {
        NamingServiceBuilder::new(self.props(self.at(server), space)).build().await.map_err(said)
    }

    async fn configs(&self, server: usize, space: &str) -> Result<ConfigService, String> {
        ConfigServiceBuilder::new(self.props(self.at(server), space)).build().await.map_err(said)
    }

    async fn registered(&self, naming: &NamingService, service: &str, ip: &str) -> Outcome {
        naming.register_instance(service.to_string(), group(GROUP), instance(ip, true)).await.map_err(said)
    }

    // -- stages: the registry

    /// Registered at one node, listed at another with all that was said of it; replaced; gone when it is removed.
    async fn register(&self) -> Outcome {
        let name = self.name("register");
        let (first, second) = (self.naming(0, "").await?, self.naming(1, "").await?);
        self.registered(&first, &name, "10.0.0.1").await?;
        soon("listed", || async { Ok(ips(&second, &name).await? == ["10.0.0.1"]) }).await?;
        let found = second.get_all_instances(name.clone(), group(GROUP), vec![], false).await.map_err(said)?;
        same((8080, 2.5, Some("c1".to_string())), (found[0].port, found[0].weight, found[0].cluster_name.clone()))?;
        same(&instance("", true).metadata, &found[0].metadata)?;
        self.registered(&first, &name, "10.0.0.2").await?;
        soon("replaced", || async { Ok(ips(&second, &name).await? == ["10.0.0.2"]) }).await?;
        first.deregister_instance(name.clone(), group(GROUP), instance("10.0.0.2", true)).await.map_err(said)?;
        soon("gone", || async { Ok(ips(&second, &name).await?.is_empty()) }).await
    }

    /// Several at once; what a client has registered goes with it.
    async fn batch(&self) -> Outcome {
        let name = self.name("batch");
        let (first, second) = (self.naming(0, "").await?, self.naming(1, "").await?);
        let all: Vec<ServiceInstance> = (1..4).map(|number| instance(&format!("10.0.0.{number}"), true)).collect();
        first.batch_register_instance(name.clone(), group(GROUP), all).await.map_err(said)?;
        let three = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
        soon("all", || async { Ok(ips(&second, &name).await? == three) }).await
    }

    /// One that is removed by another client than that which registered it.
    async fn persistent(&self) -> Outcome {
        let name = self.name("persistent");
        let (first, second) = (self.naming(0, "").await?, self.naming(1, "").await?);
        let given = instance("10.0.0.1", false);
        first.register_instance(name.clone(), group(GROUP), given.clone()).await.map_err(said)?;
        soon("listed", || async { Ok(ips(&second, &name).await? == ["10.0.0.1"]) }).await?;
        second.deregister_instance(name.clone(), group(GROUP), given).await.map_err(said)?;
        soon("gone", || async { Ok(ips(&first, &name).await?.is_empty()) }).await
    }

    /// A subscriber at one node hears of what comes and goes at another.
    async fn subscribe(&self) -> Outcome {
        let name = self.name("subscribe");
        let (first, second) = (self.naming(0, "").await?, self.naming(1, "").await?);
        let heard = subscribed(&second, &name).await?;
        self.registered(&first, &name, "10.0.0.1").await?;
        heard.hears("[10.0.0.1]").await?;
        self.registered(&first, &name, "10.0.0.2").await?;
        heard.hears("[10.0.0.2]").await?;
        first.deregister_instance(name.clone(), group(GROUP), instance("10.0.0.2", true)).await.map_err(said)?;
        heard.hears("[]").await
    }

    /// The names of a group's services.
    async fn services(&self) -> Outcome {
        let (first, of) = (self.naming(0, "").await?, format!("g{}", self.run));
        let name = self.name("services");
        first.register_instance(name.clone(), group(&of), instance("10.0.0.1", true)).await.map_err(said)?;
        let wanted = (vec![name], 1);
        soon("named", || async { Ok(first.get_service_list(1, 10, group(&of)).await.map_err(said)? == wanted) }).await
    }

    /// The same name in two groups and two namespaces is four services; a cluster's instances; one healthy instance.
    async fn apart(&self) -> Outcome {
        let (name, space) = (self.name("apart"), format!("space-{}", self.run));
        let (here, there) = (self.naming(0, "").await?, self.naming(1, &space).await?);
        for (naming, of, ip) in [
            (&here, GROUP, "10.0.0.1"), (&here, "other", "10.0.0.2"),
            (&there, GROUP, "10.0.0.3"), (&there, "other", "10.0.0.4"),
        ] {
            naming.register_instance(name.clone(), group(of), instance(ip, true)).await.map_err(said)?;
        }
        soon("here", || async { Ok(ips(&here, &name).await? == ["10.0.0.1"]) }).await?;
        soon("there", || async { Ok(ips(&there, &name).await? == ["10.0.0.3"]) }).await?;
        soon("its group", || async { Ok(ips_of(&there, &name, "other", &[]).await? == ["10.0.0.4"]) }).await?;
        let one = here.select_one_healthy_instance(name.clone(), group("other"), vec![], false).await.map_err(said)?;
        same("10.0.0.2", &one.ip)?;
        same(vec!["10.0.0.1".to_string()], ips_of(&here, &name, GROUP, &["c1"]).await?)?;
        same(Vec::<String>::new(), ips_of(&here, &name, GROUP, &["c2"]).await?)
    }

    /// Its node is killed when this says "waiting", the next line of its input says that it is: all is there again.
    async fn failover(&self) -> Outcome {
        let (name, all) = (self.name("failover"), self.servers.join(","));
        let new = || NamingServiceBuilder::new(self.props(&all, "")).build();
        let (first, second) = (new().await.map_err(said)?, new().await.map_err(said)?);
        let configs = ConfigServiceBuilder::new(self.props(&all, "")).build().await.map_err(said)?;
        let contents = listened(&configs, &name).await?;
        let heard = subscribed(&second, &name).await?;
        self.registered(&first, &name, "10.0.0.1").await?;
        heard.hears("[10.0.0.1]").await?;
        hand_over(&name)?;
        // It tries one server only; that may be the one that has just gone.
        let fresh = loop {
            match new().await {
                Ok(made) => break made,
                Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        };
        soon("listed again", || async { Ok(ips(&fresh, &name).await.unwrap_or_default() == ["10.0.0.1"]) }).await?;
        soon("registered", || async { Ok(self.registered(&first, &name, "10.0.0.3").await.is_ok()) }).await?;
        heard.hears("[10.0.0.3]").await?;
        soon("published", || async { Ok(publish(&configs, &name, "after").await.unwrap_or(false)) }).await?;
        contents.hears("after").await?;
        let lists = heard.all.lock().unwrap();
        let from = lists.iter().position(|list| list == "[10.0.0.1]").unwrap_or_default();
        same(false, lists[from..].contains(&"[]".to_string()))
    }

    // -- stages: configs

    /// Published at one node, read at another; a wrong md5 changes nothing; removed.
    async fn publish(&self) -> Outcome {
        let id = self.name("publish");
        let (first, second) = (self.configs(0, "").await?, self.configs(1, "").await?);
        same(String::new(), read(&second, &id).await?)?;
        same(true, publish(&first, &id, "\u{e9}\u{4e2d}").await?)?;
        soon("read", || async { Ok(read(&second, &id).await? == "\u{e9}\u{4e2d}") }).await?;
        let cas = |content: &str, before: &str| {
            let md5 = format!("{:x}", md5::compute(before));
            first.publish_config_cas(id.clone(), "g".to_string(), content.to_string(), None, md5)
        };
        same(false, cas("x", "other").await.unwrap_or(false))?;
        same("\u{e9}\u{4e2d}".to_string(), read(&first, &id).await?)?;
        same(true, cas("y", "\u{e9}\u{4e2d}").await.map_err(said)?)?;
        soon("changed", || async { Ok(read(&second, &id).await? == "y") }).await?;
        same(true, second.remove_config(id.clone(), "g".to_string()).await.map_err(said)?)?;
        soon("removed", || async { Ok(read(&first, &id).await?.is_empty()) }).await
    }

    /// A listener at one node hears of what is published at another.
    async fn listen(&self) -> Outcome {
        let id = self.name("listen");
        let (first, second) = (self.configs(0, "").await?, self.configs(1, "").await?);
        let heard = listened(&second, &id).await?;
        for content in ["one", "two", "three"] {
            same(true, publish(&first, &id, content).await?)?;
            heard.hears(content).await?;
        }
        Ok(())
    }

    /// One namespace does not see what another holds.
    async fn spaces(&self) -> Outcome {
        let (id, space) = (self.name("spaces"), format!("space-{}", self.run));
        let (here, there) = (self.configs(0, "").await?, self.configs(1, &space).await?);
        same(true, publish(&there, &id, "a: 1").await?)?;
        soon("read", || async { Ok(read(&there, &id).await? == "a: 1") }).await?;
        same(String::new(), read(&here, &id).await?)
    }

    // -- stages: logins; the namespace "sdk", its password and users are there

    fn user(&self, server: usize, name: &str, password: Option<&str>) -> ClientProps {
        let known = std::env::var("TRIAL_PASSWORD").unwrap_or_default();
        let password = password.unwrap_or(&known).to_string();
        self.props(self.at(server), "sdk").auth_username(name).auth_password(password)
    }

    async fn both(&self, user: &str, password: Option<&str>) -> Result<(NamingService, ConfigService), String> {
        let naming = NamingServiceBuilder::new(self.user(0, user, password)).enable_auth_plugin_http().build();
        let configs = ConfigServiceBuilder::new(self.user(1, user, password)).enable_auth_plugin_http().build();
        Ok((naming.await.map_err(said)?, configs.await.map_err(said)?))
    }

    /// Who may write does: configs and services, and hears of both.
    async fn writer(&self) -> Outcome {
        let id = self.name("writer");
        let (naming, configs) = self.both("sdk-writer", None).await?;
        let (lists, contents) = (subscribed(&naming, &id).await?, listened(&configs, &id).await?);
        self.registered(&naming, &id, "10.0.0.1").await?;
        lists.hears("[10.0.0.1]").await?;
        same(true, publish(&configs, &id, "content").await?)?;
        contents.hears("content").await
    }

    /// Who may read only is refused what writes, and goes on reading.
    async fn reader(&self) -> Outcome {
        let id = self.name("reader");
        let (naming, configs) = self.both("sdk-reader", None).await?;
        same(true, self.registered(&naming, &id, "10.0.0.1").await.is_err())?;
        same(false, publish(&configs, &id, "content").await.unwrap_or(false))?;
        same(String::new(), read(&configs, &id).await?)?;
        same(Vec::<String>::new(), ips(&naming, &id).await?)
    }

    /// Who has a wrong password is nobody.
    async fn wrong(&self) -> Outcome {
        let id = self.name("wrong");
        let Ok((naming, configs)) = self.both("sdk-wrong", Some("wrong")).await else { return Ok(()) };
        same(true, self.registered(&naming, &id, "10.0.0.1").await.is_err())?;
        same(true, read(&configs, &id).await.is_err())
    }

    async fn stage(&self, name: &str) -> Outcome {
        match name {
            "register" => self.register().await,
            "batch" => self.batch().await,
            "persistent" => self.persistent().await,
            "subscribe" => self.subscribe().await,
            "services" => self.services().await,
            "apart" => self.apart().await,
            "failover" => self.failover().await,
            "publish" => self.publish().await,
            "listen" => self.listen().await,
            "spaces" => self.spaces().await,
            "writer" => self.writer().await,
            "reader" => self.reader().await,
            "wrong" => self.wrong().await,
            _ => Err("no such stage".to_string()),
        }
    }
}

#[tokio::main]
async fn main() {
    let given: Vec<String> = std::env::args().collect();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let servers = given[1].split(',').map(str::to_string).collect();
    let trial = Trial { servers, run: format!("{:x}", now.as_nanos()) };
    let mut failed = 0;
    for name in &given[2..] {
        match trial.stage(name).await {
            Ok(()) => println!("ok {name}"),
            Err(why) => {
                failed = 1;
                println!("FAILED {name} {why}");
            }
        }
    }
    std::process::exit(failed);
}
