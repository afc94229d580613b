"""deploy/kubernetes and deploy/helm: rendered by helm, and valid by the schemas of Kubernetes (kubeconform)."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import tempfile
from typing import Any

import kubernetes_validate
import yaml
from twisted.trial.unittest import SynchronousTestCase

from nacos_tw.settings.containers import read_container
from nacos_tw.settings.discovery import discovery
from nacos_tw.settings.membership import own_host
from nacos_tw.settings.settings import peek
from tests.deploy.tools import program
from tests.docs.pages import ROOT

CHART = ROOT / "deploy" / "helm" / "nacos"
PLAIN = ROOT / "deploy" / "kubernetes" / "nacos.yaml"
KUBERNETES = "1.30.0"
CLUSTER = ("--set", "global.mode=cluster,nacos.replicaCount=3")


def rendered(*arguments: str) -> str:
    """What the chart becomes."""
    done = subprocess.run(
        [program("helm"), "template", "demo", str(CHART), "--kube-version", KUBERNETES, *arguments],
        capture_output=True,
        text=True,
        timeout=300,
    )
    if done.returncode:
        raise ValueError(done.stderr)
    return done.stdout


def kinds(text: str) -> dict[str, Any]:
    """The objects by kind and name."""
    return {f"{one['kind']} {one['metadata']['name']}": one for one in yaml.safe_load_all(text) if one}


def environment(objects: dict[str, Any]) -> dict[str, Any]:
    """The variables of the pods; what is not written there as None."""
    (found,) = [one for one in objects.values() if one["kind"] == "StatefulSet"]
    (container,) = found["spec"]["template"]["spec"]["containers"]
    return {one["name"]: one.get("value") for one in container["env"]}


def write_schema(folder: str, kind: str, version: str) -> None:
    """The schema of a kind of objects, in one file. It comes with a package: no test asks a host that may be away."""
    package = pathlib.Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
    schemas = package / f"v{KUBERNETES}-local-strict"
    group, _, number = version.rpartition("/")
    name = "-".join(filter(None, (kind.lower(), group.partition(".")[0], number))) + ".json"
    schema = (schemas / name).read_text("utf-8")
    whole = json.loads(schema.replace("/api/_definitions.json#", "#"))
    whole["$defs"] = json.loads((schemas / "_definitions.json").read_text("utf-8"))["$defs"]
    (pathlib.Path(folder) / name).write_text(json.dumps(whole), "utf-8")


class KubernetesTests(SynchronousTestCase):
    """What an API server would say."""

    def valid(self, text: str) -> None:
        with tempfile.TemporaryDirectory(prefix="nacos-tw-schemas-") as folder:
            for one in kinds(text).values():
                write_schema(folder, one["kind"], one["apiVersion"])
            command = [program("kubeconform"), "-strict", "-summary", "-kubernetes-version", KUBERNETES]
            place = folder + "/{{.ResourceKind}}{{.KindSuffix}}.json"
            done = subprocess.run(
                [*command, "-schema-location", place, "-"], input=text, capture_output=True, text=True, timeout=300
            )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_plain(self) -> None:
        self.valid(PLAIN.read_text("utf-8"))

    def test_plain_objects(self) -> None:
        """What a cluster needs: names that stay, found before they are ready, and never two away at a time."""
        objects = kinds(PLAIN.read_text("utf-8"))
        headless = objects["Service nacos-headless"]["spec"]
        self.assertEqual((headless["clusterIP"], headless["publishNotReadyAddresses"]), ("None", True))
        self.assertEqual(objects["PodDisruptionBudget nacos"]["spec"]["maxUnavailable"], 1)
        pod = objects["StatefulSet nacos"]["spec"]["template"]["spec"]
        self.assertTrue(pod["securityContext"]["runAsNonRoot"])
        self.assertTrue(pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"])
        self.assertGreaterEqual(pod["terminationGracePeriodSeconds"], 30)

    def test_chart_alone(self) -> None:
        text = rendered()
        self.valid(text)
        self.assertEqual(environment(kinds(text))["MODE"], "standalone")

    def test_chart_ports(self) -> None:
        """Those of the console and of MCP's registry go to the node, and can be reached by the service."""
        chosen = "nacos.consolePort=8088,nacos.mcpPort=9088,service.labels.team=a,service.annotations.note=b"
        objects = kinds(rendered("--set", chosen))
        found = environment(objects)
        self.assertEqual((found["NACOS_CONSOLE_PORT"], found["NACOS_AI_REGISTRY_PORT"]), ("8088", "9088"))
        service = objects["Service nacos-cs"]
        ports = {each["name"]: each["port"] for each in service["spec"]["ports"]}
        self.assertEqual(ports, {"server": 8848, "client-rpc": 9848, "console": 8088, "mcp": 9088})
        self.assertEqual(
            (service["metadata"]["labels"]["team"], service["metadata"]["annotations"]), ("a", {"note": "b"})
        )

    def test_chart_cluster(self) -> None:
        text = rendered(*CLUSTER, "--set", "persistence.enabled=true,nacos.domainName=k8s.example")
        self.valid(text)
        found = environment(kinds(text))
        self.assertEqual((found["NACOS_REPLICAS"], found["DOMAIN_NAME"]), ("3", "k8s.example"))
        self.assertEqual(found["EMBEDDED_STORAGE"], "embedded")
        self.assertIn("PodDisruptionBudget demo-nacos", kinds(text))

    def test_chart_discovery(self) -> None:
        """By DNS: a node's variables name the service, and not how many pods there are, so scaling changes no pod."""
        chosen = "nacos.discovery.type=dns,nacos.domainName=k8s.example"
        text = rendered(*CLUSTER, "--set", chosen)
        self.valid(text)
        found = environment(kinds(text))
        told = {name: value for name, value in found.items() if value is not None}
        for pod in (("$(POD_NAMESPACE)", "ns"), ("$(POD_NAME)", "demo-nacos-0")):
            told = {name: value.replace(*pod) for name, value in told.items()}
        self.assertLess(list(found).index("POD_NAMESPACE"), list(found).index("NACOS_MEMBER_DISCOVERY"))
        home = tempfile.mkdtemp(prefix="nacos-tw-home-")
        self.addCleanup(shutil.rmtree, home)
        reader = peek(home, told, {})
        self.assertEqual(own_host(reader), "demo-nacos-0.nacos-hs.ns.svc.k8s.example")
        read = discovery(reader, 8848)
        assert read is not None
        self.assertEqual((read.name, read.expect), ("_server._tcp.nacos-hs.ns.svc.k8s.example", 3))
        self.assertEqual(read_container(told, "demo-nacos-0", listed=True, database=False).servers, "")
        self.assertEqual(
            kinds(rendered(*CLUSTER, "--set", chosen))["Service nacos-hs"]["spec"]["ports"][0]["name"], "server"
        )
        more = environment(kinds(rendered(*CLUSTER, "--set", f"{chosen},nacos.replicaCount=5")))
        self.assertEqual(more, found)
        self.assertRaises(ValueError, rendered, *CLUSTER, "--set", "nacos.discovery.type=other")

    def test_chart_mysql(self) -> None:
        """With the value names of nacos-k8s."""
        chosen = "nacos.storage.type=mysql,nacos.storage.db.host=db,nacos.storage.db.username=u"
        text = rendered(*CLUSTER, "--set", chosen, "--set", "service.type=NodePort,ingress.enabled=true")
        self.valid(text)
        found = environment(kinds(text))
        self.assertEqual((found["MYSQL_SERVICE_HOST"], found["MYSQL_SERVICE_USER"]), ("db", "u"))
        self.assertIn("Ingress demo-nacos", kinds(text))

    def test_chart_refuses(self) -> None:
        """A number of nodes that is none of a cluster."""
        program("helm")
        self.assertRaises(ValueError, rendered, "--set", "global.mode=cluster,nacos.replicaCount=2")
        self.assertRaises(ValueError, rendered, "--set", "nacos.replicaCount=3")

    def test_lint(self) -> None:
        done = subprocess.run([program("helm"), "lint", "--strict", str(CHART)], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)
