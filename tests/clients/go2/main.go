// What an application does with Nacos's own Go client of the gRPC line, against a running cluster. Each stage prints
// "ok <stage>" or "FAILED <stage> <why>"; the test that starts this program reads these lines.
//
//	go run . <a:port,b:port,c:port> <folder for its caches and logs> <stage>...
//
// Stages with logins take the password of their users from TRIAL_PASSWORD.
package main

import (
	"bufio"
	"crypto/md5"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nacos-group/nacos-sdk-go/v2/clients"
	"github.com/nacos-group/nacos-sdk-go/v2/clients/config_client"
	"github.com/nacos-group/nacos-sdk-go/v2/clients/naming_client"
	"github.com/nacos-group/nacos-sdk-go/v2/common/constant"
	"github.com/nacos-group/nacos-sdk-go/v2/model"
	"github.com/nacos-group/nacos-sdk-go/v2/vo"
)

var run = strconv.FormatInt(time.Now().UnixNano(), 36)

const limit = 60 * time.Second

func param(folder, servers string, more ...constant.ClientOption) vo.NacosClientParam {
	var found []constant.ServerConfig
	for _, server := range strings.Split(servers, ",") {
		host, port, _ := strings.Cut(server, ":")
		number, _ := strconv.ParseUint(port, 10, 64)
		found = append(found, *constant.NewServerConfig(host, number))
	}
	options := append([]constant.ClientOption{
		constant.WithTimeoutMs(30000), constant.WithNotLoadCacheAtStart(true), constant.WithUpdateCacheWhenEmpty(true),
		constant.WithLogDir(folder + "/log"), constant.WithCacheDir(folder + "/cache"), constant.WithLogLevel("error"),
	}, more...)
	return vo.NacosClientParam{ClientConfig: constant.NewClientConfig(options...), ServerConfigs: found}
}

func must(good bool, err error) {
	if err != nil {
		panic(err)
	}
	if !good {
		panic("the client says false")
	}
}

func same(wanted, found interface{}) {
	if fmt.Sprint(wanted) != fmt.Sprint(found) {
		panic(fmt.Sprintf("wanted %v, found %v", wanted, found))
	}
}

func ips(instances []model.Instance) string {
	var found []string
	for _, one := range instances {
		found = append(found, one.Ip)
	}
	sort.Strings(found)
	return strings.Join(found, " ")
}

func soon(what string, holds func() bool) {
	for end := time.Now().Add(limit); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			panic("not in time: " + what)
		}
	}
}

// heard is what a callback was told, in the order of the calls.
type heard struct {
	lock sync.Mutex
	all  []string
}

func (h *heard) add(one string) {
	h.lock.Lock()
	defer h.lock.Unlock()
	h.all = append(h.all, one)
}

func (h *heard) last(wanted string) {
	soon("told ["+wanted+"]", func() bool {
		h.lock.Lock()
		defer h.lock.Unlock()
		return len(h.all) > 0 && h.all[len(h.all)-1] == wanted
	})
}

type trial struct {
	servers []string
	all     string
	folder  string
	failed  bool
}

func (t *trial) naming(servers string, more ...constant.ClientOption) naming_client.INamingClient {
	found, err := clients.NewNamingClient(param(t.folder, servers, more...))
	must(true, err)
	return found
}

func (t *trial) configs(servers string, more ...constant.ClientOption) config_client.IConfigClient {
	found, err := clients.NewConfigClient(param(t.folder, servers, more...))
	must(true, err)
	return found
}

func (t *trial) stage(name string, work func(service string)) {
	defer func() {
		if why := recover(); why != nil {
			t.failed = true
			fmt.Println("FAILED", name, why)
		}
	}()
	work("go." + name + "." + run)
	fmt.Println("ok", name)
}

func one(service, ip string, ephemeral bool) vo.RegisterInstanceParam {
	return vo.RegisterInstanceParam{
		ServiceName: service, Ip: ip, Port: 8080, Weight: 2.5, Enable: true, Healthy: true, Ephemeral: ephemeral,
		ClusterName: "c1", Metadata: map[string]string{"zone": "a b&=é中"},
	}
}

func leave(client naming_client.INamingClient, service, ip string, ephemeral bool) {
	must(client.DeregisterInstance(vo.DeregisterInstanceParam{
		ServiceName: service, Ip: ip, Port: 8080, Cluster: "c1", Ephemeral: ephemeral}))
}

func listed(client naming_client.INamingClient, service, group, wanted string) {
	soon("listed ["+wanted+"]", func() bool {
		found, err := client.GetService(vo.GetServiceParam{ServiceName: service, GroupName: group})
		return err == nil && ips(found.Hosts) == wanted
	})
}

func subscription(service string, told *heard) *vo.SubscribeParam {
	return &vo.SubscribeParam{ServiceName: service, SubscribeCallback: func(found []model.Instance, err error) {
		told.add(ips(found))
	}}
}

// -- stages: the registry

func (t *trial) register(service string) {
	first, second := t.naming(t.servers[0]), t.naming(t.servers[len(t.servers)-1])
	must(first.RegisterInstance(one(service, "10.2.0.1", true)))
	listed(second, service, "", "10.2.0.1")
	found, err := second.GetService(vo.GetServiceParam{ServiceName: service})
	must(true, err)
	same(service, found.Name)
	host := found.Hosts[0]
	same("10.2.0.1#8080#c1#DEFAULT_GROUP@@"+service, host.InstanceId)
	same("c1 2.5 true true true map[zone:a b&=é中]", fmt.Sprint(host.ClusterName, " ", host.Weight, " ", host.Healthy,
		" ", host.Enable, " ", host.Ephemeral, " ", host.Metadata))
	chosen, err := second.SelectOneHealthyInstance(vo.SelectOneHealthInstanceParam{ServiceName: service})
	must(true, err)
	same("10.2.0.1", chosen.Ip)
	leave(first, service, "10.2.0.1", true)
	listed(second, service, "", "")
	first.CloseClient()
	second.CloseClient()
}

func (t *trial) batch(service string) {
	first, second := t.naming(t.servers[0]), t.naming(t.servers[len(t.servers)-1])
	all := []vo.RegisterInstanceParam{one("", "10.2.0.1", true), one("", "10.2.0.2", true), one("", "10.2.0.3", true)}
	must(first.BatchRegisterInstance(vo.BatchRegisterInstanceParam{ServiceName: service, Instances: all}))
	listed(second, service, "", "10.2.0.1 10.2.0.2 10.2.0.3")
	must(first.BatchRegisterInstance(vo.BatchRegisterInstanceParam{ServiceName: service, Instances: all[1:]}))
	listed(second, service, "", "10.2.0.2 10.2.0.3")
	first.CloseClient() // and its instances go
	listed(second, service, "", "")
	second.CloseClient()
}

// persistent ones go by HTTP with this client.
func (t *trial) persistent(service string) {
	first, second := t.naming(t.servers[0]), t.naming(t.servers[len(t.servers)-1])
	must(first.RegisterInstance(one(service, "127.0.0.1", false)))
	listed(second, service, "", "127.0.0.1")
	first.CloseClient()
	third := t.naming(t.servers[1%len(t.servers)])
	listed(third, service, "", "127.0.0.1")
	leave(third, service, "127.0.0.1", false)
	listed(second, service, "", "")
	second.CloseClient()
	third.CloseClient()
}

func (t *trial) subscribe(service string) {
	first, second := t.naming(t.servers[0]), t.naming(t.servers[len(t.servers)-1])
	told := &heard{}
	param := subscription(service, told)
	must(true, second.Subscribe(param))
	must(first.RegisterInstance(one(service, "10.2.1.1", true)))
	told.last("10.2.1.1")
	must(first.RegisterInstance(one(service, "10.2.1.2", true))) // in the place of the one before
	told.last("10.2.1.2")
	leave(first, service, "10.2.1.2", true)
	told.last("")
	must(true, second.Unsubscribe(param))
	first.CloseClient()
	second.CloseClient()
}

// apart: groups and namespaces, and the names of a group's services.
func (t *trial) apart(service string) {
	here := t.naming(t.all)
	there := t.naming(t.all, constant.WithNamespaceId("space-"+run))
	other := one(service, "10.2.3.2", true)
	other.GroupName = "go" + run
	must(here.RegisterInstance(one(service, "10.2.3.1", true)))
	must(here.RegisterInstance(other))
	must(there.RegisterInstance(one(service, "10.2.3.3", true)))
	listed(here, service, "", "10.2.3.1")
	listed(here, service, other.GroupName, "10.2.3.2")
	listed(there, service, "", "10.2.3.3")
	soon("named", func() bool {
		found, err := here.GetAllServicesInfo(vo.GetAllServiceInfoParam{GroupName: other.GroupName, PageNo: 1, PageSize: 10})
		return err == nil && found.Count == 1 && found.Doms[0] == service
	})
	here.CloseClient()
	there.CloseClient()
}

// -- stages: configs

func read(client config_client.IConfigClient, id string) string {
	found, err := client.GetConfig(vo.ConfigParam{DataId: id, Group: "g"})
	must(true, err)
	return found
}

func (t *trial) publish(id string) {
	first, second := t.configs(t.servers[0]), t.configs(t.servers[len(t.servers)-1])
	same("", read(second, id))
	content := `{"a":"é中"}`
	must(first.PublishConfig(vo.ConfigParam{DataId: id, Group: "g", Content: content, Type: "json"}))
	soon("read", func() bool { return read(second, id) == content })
	wrong := vo.ConfigParam{DataId: id, Group: "g", Content: "x", CasMd5: strings.Repeat("0", 32)}
	if done, err := first.PublishConfig(wrong); done && err == nil {
		panic("published with a wrong md5")
	}
	same(content, read(first, id))
	right := vo.ConfigParam{DataId: id, Group: "g", Content: "y", CasMd5: fmt.Sprintf("%x", md5.Sum([]byte(content)))}
	must(first.PublishConfig(right))
	soon("changed", func() bool { return read(second, id) == "y" })
	must(second.DeleteConfig(vo.ConfigParam{DataId: id, Group: "g"}))
	soon("removed", func() bool { return read(first, id) == "" })
	first.CloseClient()
	second.CloseClient()
}

func listened(client config_client.IConfigClient, id string) *heard {
	told := &heard{}
	must(true, client.ListenConfig(vo.ConfigParam{DataId: id, Group: "g",
		OnChange: func(namespace, group, dataId, data string) { told.add(data) }}))
	return told
}

func (t *trial) listen(id string) {
	first, second := t.configs(t.servers[0]), t.configs(t.servers[len(t.servers)-1])
	told := listened(second, id)
	for _, content := range []string{"one", "two", "three"} {
		must(first.PublishConfig(vo.ConfigParam{DataId: id, Group: "g", Content: content}))
		told.last(content)
	}
	must(true, second.CancelListenConfig(vo.ConfigParam{DataId: id, Group: "g"}))
	first.CloseClient()
	second.CloseClient()
}

// failover: a node is killed when this says "waiting"; the next line of its input says that it is.
func (t *trial) failover(service string) {
	first, second, configs := t.naming(t.all), t.naming(t.all), t.configs(t.all)
	told := &heard{}
	must(true, second.Subscribe(subscription(service, told)))
	contents := listened(configs, service)
	must(first.RegisterInstance(one(service, "10.2.1.1", true)))
	told.last("10.2.1.1")
	handOver(service)
	fresh := t.naming(t.all)
	listed(fresh, service, "", "10.2.1.1")
	soon("registered", func() bool {
		done, err := first.RegisterInstance(one(service, "10.2.1.2", true))
		return done && err == nil
	})
	told.last("10.2.1.2")
	soon("published", func() bool {
		done, err := configs.PublishConfig(vo.ConfigParam{DataId: service, Group: "g", Content: "after"})
		return done && err == nil
	})
	contents.last("after")
}

// away: the only node that it knows is gone while things change; it hears of them when the node is back.
func (t *trial) away(service string) {
	here, there, configs := t.naming(t.servers[0]), t.naming(t.servers[1]), t.configs(t.servers[0])
	told := &heard{}
	must(true, here.Subscribe(subscription(service, told)))
	contents := listened(configs, service)
	must(there.RegisterInstance(one(service, "10.3.1.1", true)))
	told.last("10.3.1.1")
	handOver(service)
	soon("registered", func() bool {
		done, err := there.RegisterInstance(one(service, "10.3.1.2", true))
		return done && err == nil
	})
	listed(there, service, "", "10.3.1.2")
	others := t.configs(t.servers[1])
	soon("published", func() bool {
		done, err := others.PublishConfig(vo.ConfigParam{DataId: service, Group: "g", Content: "meanwhile"})
		return done && err == nil
	})
	told.last("10.3.1.1")
	handOver(service)
	told.last("10.3.1.2")
	contents.last("meanwhile")
	here.CloseClient()
	there.CloseClient()
}

var input = bufio.NewReader(os.Stdin)

// handOver: the test does its part when this says so, and then writes a line.
func handOver(name string) {
	fmt.Println("waiting", name)
	input.ReadString('\n')
}

// -- stages: logins

func as(user, password string) []constant.ClientOption {
	return []constant.ClientOption{constant.WithNamespaceId("sdk"), constant.WithUsername(user), constant.WithPassword(password)}
}

// refused: this client says false, of some calls with an error.
func refused(done bool, err error) {
	if done {
		panic("not refused")
	}
}

func (t *trial) writer(id string) {
	user := as("sdk-writer", os.Getenv("TRIAL_PASSWORD"))
	naming, configs := t.naming(t.all, user...), t.configs(t.all, user...)
	must(naming.RegisterInstance(one(id, "10.2.1.1", true)))
	listed(naming, id, "", "10.2.1.1")
	told := listened(configs, id)
	must(configs.PublishConfig(vo.ConfigParam{DataId: id, Group: "g", Content: "content"}))
	told.last("content")
	naming.CloseClient()
	configs.CloseClient()
}

func (t *trial) reader(id string) {
	user := as("sdk-reader", os.Getenv("TRIAL_PASSWORD"))
	naming, configs := t.naming(t.all, user...), t.configs(t.all, user...)
	refused(naming.RegisterInstance(one(id, "10.2.1.1", true)))
	refused(configs.PublishConfig(vo.ConfigParam{DataId: id, Group: "g", Content: "content"}))
	same("", read(configs, id))
	listed(naming, id, "", "")
	naming.CloseClient()
	configs.CloseClient()
}

func (t *trial) wrong(id string) {
	naming := t.naming(t.all, as("sdk-wrong", "wrong")...)
	refused(naming.RegisterInstance(one(id, "10.2.1.1", true)))
	naming.CloseClient()
}

// expiry: tokens hold for seconds; the client gets new ones.
func (t *trial) expiry(id string) {
	user := as("sdk-writer", os.Getenv("TRIAL_PASSWORD"))
	naming, configs := t.naming(t.all, user...), t.configs(t.all, user...)
	for end, round := time.Now().Add(8*time.Second), 0; time.Now().Before(end); round++ {
		ip, content := fmt.Sprintf("10.2.4.%d", round%250), fmt.Sprint("round ", round)
		soon("registered", func() bool {
			done, err := naming.RegisterInstance(one(id, ip, true))
			return done && err == nil
		})
		listed(naming, id, "", ip)
		soon("published", func() bool {
			done, err := configs.PublishConfig(vo.ConfigParam{DataId: id, Group: "g", Content: content})
			return done && err == nil
		})
	}
	naming.CloseClient()
	configs.CloseClient()
}

func main() {
	t := &trial{servers: strings.Split(os.Args[1], ","), all: os.Args[1], folder: os.Args[2]}
	stages := map[string]func(string){
		"register": t.register, "batch": t.batch, "persistent": t.persistent, "subscribe": t.subscribe, "apart": t.apart,
		"publish": t.publish, "listen": t.listen, "failover": t.failover, "away": t.away,
		"writer": t.writer, "reader": t.reader, "wrong": t.wrong, "expiry": t.expiry,
	}
	for _, name := range os.Args[3:] {
		t.stage(name, stages[name])
	}
	if t.failed {
		os.Exit(1)
	}
}
