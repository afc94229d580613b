// What an application does with Nacos's own Go client that has a name and a password, against a cluster that asks for
// logins. Each stage prints "ok <stage>" or "FAILED <stage> <why>"; the test that starts this program reads these lines.
//
//	go run ./login <a:port,b:port,c:port> <folder> <namespace> <password of writer and reader> <stage>...
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/nacos-group/nacos-sdk-go/clients"
	"github.com/nacos-group/nacos-sdk-go/clients/config_client"
	"github.com/nacos-group/nacos-sdk-go/clients/naming_client"
	"github.com/nacos-group/nacos-sdk-go/common/constant"
	"github.com/nacos-group/nacos-sdk-go/vo"
)

var run = strconv.FormatInt(time.Now().UnixNano(), 36)

type trial struct {
	servers                     []constant.ServerConfig
	folder, namespace, password string
	failed                      bool
}

func (t *trial) param(user, password string) vo.NacosClientParam {
	config := constant.NewClientConfig(
		constant.WithTimeoutMs(30000), constant.WithNotLoadCacheAtStart(true), constant.WithNamespaceId(t.namespace),
		constant.WithUsername(user), constant.WithPassword(password), constant.WithLogDir(t.folder+"/log"),
		constant.WithCacheDir(t.folder+"/cache-"+user), constant.WithLogLevel("error"))
	return vo.NacosClientParam{ClientConfig: config, ServerConfigs: t.servers}
}

func (t *trial) configs(user string) config_client.IConfigClient {
	found, err := clients.NewConfigClient(t.param(user, t.password))
	must(true, err)
	return found
}

func (t *trial) naming(user string) naming_client.INamingClient {
	found, err := clients.NewNamingClient(t.param(user, t.password))
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

func refused(good bool, err error) {
	if good || err == nil || !(strings.Contains(err.Error(), "authorization failed!") || strings.HasSuffix(err.Error(), "403")) {
		panic(fmt.Sprintf("not refused: %v %v", good, err))
	}
}

func soon(what string, holds func() bool) {
	for end := time.Now().Add(60 * time.Second); !holds(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			panic("not in time: " + what)
		}
	}
}

func config(name, content string) vo.ConfigParam {
	return vo.ConfigParam{DataId: name + "." + run, Group: "g", Content: content}
}

func instance(name string) vo.RegisterInstanceParam {
	return vo.RegisterInstanceParam{
		ServiceName: name + "." + run, Ip: "127.0.0.1", Port: 8080, Weight: 1, Enable: true, Healthy: true}
}

func (t *trial) writer() {
	configs := t.configs("sdk-writer")
	must(configs.PublishConfig(config("go", "content")))
	soon("published", func() bool {
		found, err := configs.GetConfig(config("go", ""))
		return err == nil && found == "content"
	})
	naming := t.naming("sdk-writer")
	must(naming.RegisterInstance(instance("go")))
	soon("listed", func() bool {
		found, err := naming.SelectAllInstances(vo.SelectAllInstancesParam{ServiceName: "go." + run})
		return err == nil && len(found) == 1
	})
	must(naming.DeregisterInstance(vo.DeregisterInstanceParam{ServiceName: "go." + run, Ip: "127.0.0.1", Port: 8080}))
	must(configs.DeleteConfig(config("go", "")))
}

func (t *trial) reader() {
	must(t.configs("sdk-writer").PublishConfig(config("read", "content")))
	configs := t.configs("sdk-reader")
	soon("read", func() bool {
		found, err := configs.GetConfig(config("read", ""))
		return err == nil && found == "content"
	})
	refused(configs.PublishConfig(config("read", "changed")))
	refused(configs.DeleteConfig(config("read", "")))
	refused(t.naming("sdk-reader").RegisterInstance(instance("read")))
}

func (t *trial) wrong() {
	for _, user := range []string{"sdk-wrong", "nobody"} {
		found, err := clients.NewConfigClient(t.param(user, "wrong"))
		if err == nil {
			var published bool
			published, err = found.PublishConfig(config("wrong", "content"))
			must(!published, nil)
		}
		if err == nil || !strings.Contains(err.Error(), "unknown user!") {
			panic(fmt.Sprintf("not refused: %v", err))
		}
	}
}

func (t *trial) listener() {
	heard := make(chan string, 10)
	param := config("heard", "")
	param.OnChange = func(namespace, group, dataId, data string) { heard <- data }
	must(true, t.configs("sdk-reader").ListenConfig(param))
	time.Sleep(time.Second) // until its poll is held
	must(t.configs("sdk-writer").PublishConfig(config("heard", "one")))
	select {
	case found := <-heard:
		must(found == "one", nil)
	case <-time.After(60 * time.Second):
		panic("nothing heard")
	}
}

// Tokens that hold for seconds: the client logs in again and again, and goes on.
func (t *trial) expiry() {
	must(t.configs("sdk-writer").PublishConfig(config("expiry", "content")))
	configs := t.configs("sdk-reader")
	for end := time.Now().Add(8 * time.Second); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		soon("read", func() bool {
			found, err := configs.GetConfig(config("expiry", ""))
			return err == nil && found == "content"
		})
	}
}

func main() {
	t := &trial{folder: os.Args[2], namespace: os.Args[3], password: os.Args[4]}
	for _, server := range strings.Split(os.Args[1], ",") {
		host, port, _ := strings.Cut(server, ":")
		number, _ := strconv.ParseUint(port, 10, 64)
		t.servers = append(t.servers, *constant.NewServerConfig(host, number))
	}
	stages := map[string]func(){
		"writer": t.writer, "reader": t.reader, "wrong": t.wrong, "listener": t.listener, "expiry": t.expiry}
	for _, name := range os.Args[5:] {
		func() {
			defer func() {
				if why := recover(); why != nil {
					t.failed = true
					fmt.Println("FAILED", name, why)
				}
			}()
			stages[name]()
			fmt.Println("ok", name)
		}()
	}
	if t.failed {
		os.Exit(1)
	}
}
