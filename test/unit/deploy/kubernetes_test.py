"""Checks deploy/kubernetes: the manifests against each other, and against the program, its settings and its image
(manifests_test.py: against the API).

    kubernetes_test.py ROOT OTPD
"""

import functools
import os
import re
import sys
import tempfile
import tomllib

import yaml

from checked_files import Files, prove, run

otpd = sys.argv[2]
FOLDER = "deploy/kubernetes"
SECRET = "0123456789abcdef0123456789abcdef"


@functools.cache
def config_check(config, mode, variables):
    """What otpd says about the settings of a pod, in a file with this mode, and with each secret in a file."""
    with tempfile.TemporaryDirectory() as pod:
        with open(os.path.join(pod, "config.toml"), "w", encoding="utf-8") as file:
            file.write(config)
            os.fchmod(file.fileno(), mode)
        environment = {}
        for name, value in variables:
            path = os.path.join(pod, os.path.basename(value))
            with open(path, "w", encoding="utf-8") as file:
                file.write(SECRET + "\n")
            environment[name] = path
        return run(otpd, "--config", "config.toml", "--check-config", env=environment, cwd=pod)


class Manifests(Files):
    def check(self):
        kustomization = yaml.safe_load(self.text(f"{FOLDER}/kustomization.yaml"))
        listed = kustomization["resources"]
        there = [name for name in sorted(os.listdir(os.path.join(self.root, FOLDER))) if name.endswith(".yaml") and name != "kustomization.yaml"]
        self.expect(sorted(listed) == there, f"kustomization.yaml: lists {listed}, and there are {there}")
        self.objects = {item["kind"]: item for name in there for item in yaml.safe_load_all(self.text(f"{FOLDER}/{name}"))}
        self.kustomization = kustomization
        self.own = tomllib.loads(self.text(f"{FOLDER}/config.toml"))
        self.settings = tomllib.loads(self.text("config.toml"))
        for section, values in self.own.items():
            self.settings[section] = self.settings.get(section, {}) | values
        self.pod = self.objects["Deployment"]["spec"]["template"]
        self.container, = self.pod["spec"]["containers"]
        self.ports = {port["name"]: port["containerPort"] for port in self.container["ports"]}
        for part in (self.check_names, self.check_image, self.check_settings, self.check_probes, self.check_stop,
                     self.check_confinement, self.check_network):
            part()
        return self.faults

    def check_names(self):
        """Whatever selects the pods selects them."""
        labels = self.pod["metadata"]["labels"]
        spec = {kind: item["spec"] for kind, item in self.objects.items()}
        for where, selector in (("Deployment", spec["Deployment"]["selector"]["matchLabels"]), ("Service", spec["Service"]["selector"]),
                                ("PodDisruptionBudget", spec["PodDisruptionBudget"]["selector"]["matchLabels"]),
                                ("NetworkPolicy", spec["NetworkPolicy"]["podSelector"]["matchLabels"]),
                                ("topologySpreadConstraints", self.pod["spec"]["topologySpreadConstraints"][0]["labelSelector"]["matchLabels"])):
            self.expect(selector and selector.items() <= labels.items(), f"{where}: selects {selector}, and not the pods")
        for port in spec["Service"]["ports"]:
            self.expect(port["targetPort"] == "api", f"Service: {port['targetPort']} is not the API")
        self.expect(spec["PodDisruptionBudget"]["minAvailable"] < spec["Deployment"]["replicas"], "PodDisruptionBudget: no node can be emptied")

    def check_image(self):
        image, = self.kustomization["images"]
        version = re.search(r"project\(otpd VERSION (\S+)", self.text("CMakeLists.txt"))[1]
        self.expect(self.container["image"] == image["name"], "kustomization.yaml: renames another image")
        self.expect(image["newTag"] == version, f"kustomization.yaml: the image is {image['newTag']}, and otpd {version}")
        user = int(re.search(r"--uid (\d+) [^\n]* otpd ", self.text("Dockerfile"))[1])
        of_pod = self.pod["spec"]["securityContext"]
        self.expect(of_pod["runAsUser"] == of_pod["fsGroup"] == user, f"Deployment: runs as {of_pod['runAsUser']}, and the image has {user}")

    def check_settings(self):
        """The pod starts with config.toml, in which the ports are those of the manifests, and with its secrets as files."""
        volumes = {volume["name"]: volume for volume in self.pod["spec"]["volumes"]}
        mounts = {mount["name"]: mount["mountPath"] for mount in self.container["volumeMounts"]}
        self.expect(set(mounts) == set(volumes), f"Deployment: mounts {set(mounts)} of {set(volumes)}")
        generated, = self.kustomization["configMapGenerator"]
        option, config = self.container["args"]
        self.expect(option == "--config" and config == f"{mounts['config']}/{generated['files'][0]}", f"Deployment: {config} is not there")
        self.expect(volumes["config"]["configMap"]["name"] == generated["name"], "Deployment: the ConfigMap has another name")
        secrets = set(re.findall(r"--from-file=(\w+)", self.text("docs/deployment.md")))
        made = re.search(r"create secret generic (\w+)", self.text("docs/deployment.md"))[1]
        self.expect(volumes["secrets"]["secret"]["secretName"] == made, f"docs/deployment.md: makes the Secret {made}")
        variables = {item["name"]: item["value"] for item in self.container["env"]}
        for name, value in variables.items():
            self.expect(name.endswith("_FILE") and os.path.dirname(value) == mounts["secrets"], f"Deployment: {name} is no file of the Secret")
        self.expect({os.path.basename(value) for value in variables.values()} == secrets, f"docs/deployment.md: the Secret has {secrets}")
        self.expect(volumes["secrets"]["secret"]["defaultMode"] == 0o440, "Deployment: the secrets are not for the service alone")
        mode = volumes["config"]["configMap"].get("defaultMode", 0o644)
        code, said = config_check(self.text(f"{FOLDER}/config.toml"), mode, tuple(variables.items()))
        self.expect(code == 0, f"{FOLDER}/config.toml: {said.strip()}")
        for name, section in (("api", "server"), ("metrics", "admin")):
            listen = self.settings[section]["listen"]
            self.expect(listen == f"0.0.0.0:{self.ports[name]}", f"Deployment: {name} is at {listen}")
        annotations = self.pod["metadata"]["annotations"]
        self.expect(annotations["prometheus.io/port"] == str(self.ports["metrics"]) and annotations["prometheus.io/path"] == "/metrics"
                    and annotations["prometheus.io/scrape"] == "true", "Deployment: Prometheus does not find the metrics")

    def check_probes(self):
        routes = self.text("src/api/routes.cpp")
        for name, path in (("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
            request = self.container[name]["httpGet"]
            self.expect(request == {"path": path, "port": "api"} and f'"{path}"' in routes, f"Deployment: {name} asks {request}")

    def check_stop(self):
        """A pod that stops takes connections until nobody sends it any, and is not killed before its last send is settled."""
        server, ready = self.settings["server"], self.container["readinessProbe"]
        notices = 1000 * ready["failureThreshold"] * (ready["periodSeconds"] + ready["timeoutSeconds"])
        self.expect(server["drain_delay_ms"] >= notices, "config.toml: the drain is over before the readiness probe sees it")
        grace = 1000 * self.pod["spec"]["terminationGracePeriodSeconds"]
        self.expect(grace >= server["drain_delay_ms"] + server["drain_timeout_ms"] + 8000, "Deployment: kills before the drain is over")

    def check_confinement(self):
        spec, container = self.pod["spec"], self.container["securityContext"]
        self.expect(spec["enableServiceLinks"] is False, "Deployment: variables of services begin with OTPD_")
        self.expect(spec["automountServiceAccountToken"] is False, "Deployment: has a token of the cluster")
        self.expect(spec["securityContext"]["runAsNonRoot"] is True, "Deployment: may run as root")
        self.expect(spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, "Deployment: may make any system call")
        self.expect(container == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
                    "Deployment: the container is not confined")
        self.expect("memory" in self.container["resources"]["limits"], "Deployment: memory has no bound")

    def check_network(self):
        policy = self.objects["NetworkPolicy"]["spec"]
        self.expect(sorted(policy["policyTypes"]) == ["Egress", "Ingress"], "NetworkPolicy: leaves one direction open")
        entered = [port["port"] for rule in policy["ingress"] for port in rule["ports"]]
        self.expect(sorted(entered) == sorted(self.ports), f"NetworkPolicy: lets in to {entered}")
        for rule in policy["ingress"]:
            self.expect(rule.get("from"), f"NetworkPolicy: lets everybody in to {rule['ports']}")
        left = [port["port"] for rule in policy["egress"] for port in rule["ports"]]
        store = int(re.search(r":(\d+)$", self.settings["store"]["url"])[1])
        self.expect(set(left) == {53, 443, store}, f"NetworkPolicy: lets out to {left}, and the store is at {store}")


def change(name, right, wrong, message):
    return f"{FOLDER}/{name}", right, wrong, message


prove(Manifests, [
    change("kustomization.yaml", "  - network.yaml\n", "", "kustomization.yaml: lists"),
    change("kustomization.yaml", "newTag: ", "newTag: 9", "the image is 9"),
    change("kustomization.yaml", "files: [config.toml]", "files: [otpd.toml]", "is not there"),
    change("service.yaml", "selector: { app.kubernetes.io/name: otpd }", "selector: { app: otpd }", "Service: selects"),
    change("service.yaml", "targetPort: api", "targetPort: metrics", "is not the API"),
    change("disruption.yaml", "minAvailable: 2", "minAvailable: 3", "no node can be emptied"),
    change("network.yaml", "port: 6379", "port: 5432", "the store is at 6379"),
    change("network.yaml", "{ port: metrics }", "{ port: admin }", "lets in to"),
    change("network.yaml", "policyTypes: [Ingress, Egress]", "policyTypes: [Ingress]", "leaves one direction open"),
    change("config.toml", "drain_delay_ms = 8000", "drain_delay_ms = 2000", "before the readiness probe sees it"),
    change("config.toml", "accept_network = true", "accept_network = false", "admin.accept_network"),
    change("config.toml", "0.0.0.0:9464", "0.0.0.0:9465", "metrics is at 0.0.0.0:9465"),
    change("config.toml", "drain_delay_ms", "drain_delays_ms", "drain_delays_ms"),
    change("deployment.yaml", "path: /readyz", "path: /health", "readinessProbe asks"),
    change("deployment.yaml", "terminationGracePeriodSeconds: 45", "terminationGracePeriodSeconds: 30", "before the drain is over"),
    change("deployment.yaml", "enableServiceLinks: false", "enableServiceLinks: true", "begin with OTPD_"),
    change("deployment.yaml", "runAsUser: 10001", "runAsUser: 1000", "the image has 10001"),
    change("deployment.yaml", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "is not confined"),
    change("deployment.yaml", "otpd/hmac_secret", "otpd/hmac", "the Secret has"),
    change("deployment.yaml", "API_AUTH_TOKEN_FILE", "API_TOKEN_FILE", "auth.token"),
    change("deployment.yaml", "otpd, defaultMode: 0440", "otpd, defaultMode: 0444", "for the service alone"),
    change("deployment.yaml", "otpd-config, defaultMode: 0440", "otpd-config", "is open to every user"),
    change("deployment.yaml", 'prometheus.io/port: "9464"', 'prometheus.io/port: "8000"', "does not find the metrics"),
    ("docs/deployment.md", "--from-file=store_password", "", "the Secret has"),
])
