// What an application does with Nacos's own Go client of the HTTP line, against a running cluster. Each stage prints
// "ok <stage>" or "FAILED <stage> <why>"; the test that starts this program reads these lines.
//
//	go run . <a:port,b:port,c:port> <folder for its caches and logs>
package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/nacos-group/nacos-sdk-go/clients"
	"github.com/nacos-group/nacos-sdk-go/clients/naming_client"
	"github.com/nacos-group/nacos-sdk-go/common/constant"
	"github.com/nacos-group/nacos-sdk-go/model"
	"github.com/nacos-group/nacos-sdk-go/vo"
)

var run = strconv.FormatInt(time.Now().UnixNano(), 36)

func client(folder string, servers ...string) naming_client.INamingClient {
	var configs []constant.ServerConfig
	for _, server := range servers {
		host, port, _ := strings.Cut(server, ":")
		number, _ := strconv.ParseUint(port, 10, 64)
		configs = append(configs, *constant.NewServerConfig(host, number))
	}
	config := constant.NewClientConfig(
		constant.WithTimeoutMs(30000), constant.WithNotLoadCacheAtStart(true), constant.WithUpdateCacheWhenEmpty(true),
		constant.WithLogDir(folder+"/log"), constant.WithCacheDir(folder+"/cache"), constant.WithLogLevel("error"))
	found, err := clients.NewNamingClient(vo.NacosClientParam{ClientConfig: config, ServerConfigs: configs})
	must(true, err)
	return found
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

func soon(what string, limit time.Duration, holds func() bool) {
	for end := time.Now().Add(limit); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			panic("not in time: " + what)
		}
	}
}

type trial struct {
	first, second naming_client.INamingClient
	servers       []string
	folder        string
	failed        bool
}

func (t *trial) stage(name string, work func(service string)) {
	defer func() {
		if why := recover(); why != nil {
			t.failed = true
			fmt.Println("FAILED", name, why)
		}
	}()
	work(name + "." + run)
	fmt.Println("ok", name)
}

func one(service, ip string, ephemeral bool) vo.RegisterInstanceParam {
	return vo.RegisterInstanceParam{
		ServiceName: service, Ip: ip, Port: 8080, Weight: 2.5, Enable: true, Healthy: true, Ephemeral: ephemeral,
		ClusterName: "c1", Metadata: map[string]string{"zone": "a b&=é中"},
	}
}

func (t *trial) remove(service, ip string, ephemeral bool) {
	must(t.first.DeregisterInstance(vo.DeregisterInstanceParam{
		ServiceName: service, Ip: ip, Port: 8080, Cluster: "c1", Ephemeral: ephemeral}))
}

func (t *trial) register(service string) {
	must(t.first.RegisterInstance(one(service, "10.2.0.1", true)))
	var found model.Service
	soon("listed", 60*time.Second, func() bool { // a client that never asked before: asks at once
		found, _ = t.second.GetService(vo.GetServiceParam{ServiceName: service, Clusters: []string{"c1"}})
		return len(found.Hosts) == 1
	})
	same("DEFAULT_GROUP@@"+service, found.Name)
	same(service, found.Dom)
	host := found.Hosts[0]
	same("10.2.0.1#8080#c1#DEFAULT_GROUP@@"+service, host.InstanceId)
	same("c1 2.5 true true true map[zone:a b&=é中]", fmt.Sprint(host.ClusterName, " ", host.Weight, " ", host.Healthy,
		" ", host.Enable, " ", host.Ephemeral, " ", host.Metadata))
	chosen, err := t.second.SelectOneHealthyInstance(vo.SelectOneHealthInstanceParam{
		ServiceName: service, Clusters: []string{"c1"}})
	must(true, err)
	same("10.2.0.1", chosen.Ip)
	t.remove(service, "10.2.0.1", true)
}

func (t *trial) persistent(service string) {
	must(t.first.RegisterInstance(one(service, "127.0.0.1", false)))
	all := vo.SelectAllInstancesParam{ServiceName: service, Clusters: []string{"c1"}}
	soon("listed", 60*time.Second, func() bool {
		found, _ := t.second.SelectAllInstances(all)
		return ips(found) == "127.0.0.1"
	})
	must(t.first.UpdateInstance(vo.UpdateInstanceParam{ServiceName: service, Ip: "127.0.0.1", Port: 8080,
		ClusterName: "c1", Weight: 7, Enable: true, Metadata: map[string]string{"new": "1"}}))
	soon("updated", 60*time.Second, func() bool {
		found, _ := t.second.SelectAllInstances(all)
		return len(found) == 1 && found[0].Weight == 7 && found[0].Metadata["new"] == "1"
	})
	t.remove(service, "127.0.0.1", false)
}

func (t *trial) subscribe(service string) {
	events := make(chan string, 100)
	must(t.first.RegisterInstance(one(service, "10.2.1.1", true)))
	time.Sleep(time.Second)
	param := &vo.SubscribeParam{ServiceName: service, Clusters: []string{"c1"},
		SubscribeCallback: func(services []model.SubscribeService, err error) {
			var found []string
			for _, each := range services {
				found = append(found, each.Ip)
			}
			sort.Strings(found)
			events <- strings.Join(found, " ")
		}}
	must(true, t.second.Subscribe(param))
	heard := func(wanted string, limit time.Duration) {
		last := "nothing"
		soon("event ["+wanted+"]", limit, func() bool {
			select {
			case last = <-events:
			default:
			}
			return last == wanted
		})
	}
	heard("10.2.1.1", 60*time.Second)
	time.Sleep(1500 * time.Millisecond)
	large := one(service, "10.2.1.2", true)
	large.Metadata["pad"] = strings.Repeat("x", 1200) // its datagram comes compressed
	must(t.first.RegisterInstance(large))
	heard("10.2.1.1 10.2.1.2", 3*time.Second)
	t.remove(service, "10.2.1.2", true)
	heard("10.2.1.1", 3*time.Second)
	must(true, t.second.Unsubscribe(param))
	t.remove(service, "10.2.1.1", true)
}

// beats: the lease holds on all nodes while they come.
func (t *trial) beats(service string) {
	param := one(service, "10.2.2.1", true)
	param.Metadata = map[string]string{"preserved.heart.beat.interval": "1000",
		"preserved.heart.beat.timeout": "7000", "preserved.ip.delete.timeout": "8000"}
	must(t.first.RegisterInstance(param))
	// An answered write is on a majority: the other nodes have it soon.
	soon("registered", 60*time.Second, func() bool {
		found, err := t.second.SelectInstances(vo.SelectInstancesParam{
			ServiceName: service, Clusters: []string{"c1"}, HealthyOnly: true})
		return err == nil && len(found) == 1
	})
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(time.Second) {
		fresh := client(t.folder, t.servers[len(t.servers)-1]) // one without a cache
		found, err := fresh.SelectInstances(vo.SelectInstancesParam{
			ServiceName: service, Clusters: []string{"c1"}, HealthyOnly: true})
		must(true, err)
		same("10.2.2.1", ips(found))
	}
	t.remove(service, "10.2.2.1", true)
}

func (t *trial) list(service string) {
	must(t.first.RegisterInstance(vo.RegisterInstanceParam{ServiceName: service, GroupName: "go" + run, Ip: "10.2.3.1",
		Port: 8080, Weight: 1, Enable: true, Healthy: true, Ephemeral: true}))
	soon("listed", 60*time.Second, func() bool {
		found, err := t.second.GetAllServicesInfo(vo.GetAllServiceInfoParam{
			NameSpace: "public", GroupName: "go" + run, PageNo: 1, PageSize: 10})
		return err == nil && found.Count == 1 && found.Doms[0] == service
	})
}

func main() {
	servers := strings.Split(os.Args[1], ",")
	t := &trial{servers: servers, folder: os.Args[2]}
	t.first = client(t.folder, servers...)
	t.second = client(t.folder, servers[len(servers)-1])
	t.stage("register", t.register)
	t.stage("persistent", t.persistent)
	t.stage("subscribe", t.subscribe)
	t.stage("beats", t.beats)
	t.stage("list", t.list)
	if t.failed {
		os.Exit(1)
	}
}
