"""Checks deploy/prometheus and deploy/grafana against the program's metrics: each metric, label and value that they name exists in
src/telemetry, and each alert is tested and explained.

    monitoring_test.py ROOT

If promtool is installed (script/setup installs it), it checks the rules and runs their tests.
"""

import functools
import json
import os
import re
import shutil
import tempfile

import yaml

from checked_files import Files, prove, run

SUFFIXES = {"_bucket", "_sum", "_count"}
OF_PROMETHEUS = {"job", "instance", "le", "alertname", "severity"}


read_yaml = functools.cache(yaml.safe_load)  # nobody changes what it returns


@functools.cache
def promtool(*texts):
    """What promtool says about the configuration, the rules and their tests. None if it is not installed."""
    if not shutil.which("promtool"):
        return None
    with tempfile.TemporaryDirectory() as directory:
        for name, text in zip(("prometheus.yml", "rules.yml", "rules_test.yml"), texts, strict=True):
            with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
                file.write(text)
        for words in (("check", "config", "prometheus.yml"), ("check", "rules", "rules.yml"), ("test", "rules", "rules_test.yml")):
            code, said = run("promtool", *words, cwd=directory)
            if code:
                return said
    return ""


class Monitoring(Files):
    def check(self):
        self.metrics = self.read_metrics()
        self.expect(len(self.metrics) >= 35, f"src/telemetry: only {len(self.metrics)} metrics found")
        self.rules = read_yaml(self.text("deploy/prometheus/rules.yml"))["groups"][0]["rules"]
        for part in (self.check_rules, self.check_alerts, self.check_scrape, self.check_board, self.check_promtool):
            part()
        return self.faults

    # --- the program's metrics

    def read_metrics(self):
        """Name -> kind and its labels, each with the set of its values, or None if the settings decide."""
        text = self.text("src/telemetry/metrics.cpp")
        words = {name: set(re.findall(r'"(\w+)"', values)) | {"other"}
                 for name, values in re.findall(r"std::array<word, \d+> (\w+)\{([^}]*)\}", self.text("src/telemetry/metric_labels.hpp"))}
        limits = set(re.findall(r"`(\w+)`", self.text("docs/limits.md") + self.text("docs/operations.md")))
        routes = set(re.findall(r'"(/[^"]*)"', self.text("src/api/routes.cpp")))
        shared_sets = re.findall(r'label_set const (\w+)\{"(\w+)", labels::(\w+)\};', text)
        found = {"up": ("gauge", {})}
        for kind, name, rest in re.findall(r'\b(counter|gauge|histogram)(?:_for)?\(\s*registry,\s*"(\w+)",(.*?);', text, re.S):
            labels = {label: words[values] for label, values in re.findall(r'"(\w+)", labels::(\w+)', rest)}
            labels |= {label: words[values] for shared, label, values in shared_sets if re.search(rf"\b{shared}\b", rest)}
            labels |= {"route": routes | {"other"}} if re.search(r"\broutes\b", rest) else {}
            labels |= {"limit": limits} if re.search(r"\blimits\b", rest) else {}
            found[name] = (kind, labels)
        for name in re.findall(r'\.Name\("(otpd_\w+)"\)', text):
            found[name] = ("histogram" if name.endswith("_seconds") else "gauge", {"version": None})
        for name, kind in re.findall(r'(?:add|single_value)\(\s*"(\w+)",[^;]*?MetricType::(\w+)', text + self.text("src/telemetry/process_stats.cpp")):
            found[name] = (kind.lower(), {})
        for record in re.findall(r"- record: (\S+)", self.text("deploy/prometheus/rules.yml")):
            found[record] = ("gauge", {})
        return found

    # --- PromQL

    def check_expression(self, where, expression):
        """Names, labels, and that only counters are asked for their rate."""
        labels_of_all = set(OF_PROMETHEUS)
        for call, name, matchers in re.findall(r"(?:\b(rate|increase)\()?\b((?:otpd|process)[_:][\w:]+|up)\b(?:\{([^}]*)\})?", expression):
            base = next((name.removesuffix(suffix) for suffix in SUFFIXES
                         if name.endswith(suffix) and self.metrics.get(name.removesuffix(suffix), ("",))[0] == "histogram"), name)
            if base not in self.metrics:
                self.expect(False, f"{where}: otpd has no metric {name}")
                continue
            kind, labels = self.metrics[base]
            labels_of_all |= set(labels)
            self.expect(not call or kind == "counter" or base != name, f"{where}: {call} of {name}, which is no counter")
            self.expect(call or kind != "counter" or "unless" in expression, f"{where}: the counter {name} without its rate")
            for label, how, value in re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', matchers):
                self.check_value(where, base, labels, label, how, value)
        for listed in re.findall(r"\bby \(([^)]*)\)", expression):
            for label in re.split(r",\s*", listed):
                self.expect(label in labels_of_all, f"{where}: no metric has the label {label}")

    def check_value(self, where, name, labels, label, how, value):
        if label in OF_PROMETHEUS:
            return
        if label not in labels:
            self.expect(False, f"{where}: {name} has no label {label}")
            return
        for part in value.split("|") if "~" in how else [re.escape(value)]:
            known = labels[label] is None or any(re.fullmatch(part, word) for word in labels[label])
            self.expect(known, f"{where}: {label} of {name} is never {part}")

    # --- rules

    def check_rules(self):
        for rule in self.rules:
            self.check_expression("rules.yml, " + rule.get("alert", rule.get("record")), rule["expr"])
            self.expect("record" in rule or rule["labels"]["severity"] in ("critical", "warning"), f"rules.yml: {rule} has no severity")

    def check_alerts(self):
        """Each alert is in a test in which it fires and in one in which it does not, and has its line in operations.md."""
        names = {rule["alert"] for rule in self.rules if "alert" in rule}
        firing, quiet = set(), set()
        for test in read_yaml(self.text("deploy/prometheus/rules_test.yml"))["tests"]:
            for series in test["input_series"]:
                self.check_series(test["name"], series["series"])
            for alert in test["alert_rule_test"]:
                (firing if alert["exp_alerts"] else quiet).add(alert["alertname"])
        self.expect(firing == names, f"rules_test.yml: does not prove that {sorted(names ^ firing)} fires")
        self.expect(quiet == names, f"rules_test.yml: does not prove that {sorted(names ^ quiet)} is quiet")
        explained = set(re.findall(r"^\| `(Otpd\w+)`", self.text("docs/operations.md"), re.M))
        self.expect(explained == names, f"operations.md: does not say what to do about {sorted(names ^ explained)}")

    def check_series(self, where, series):
        """A series of the tests is one that otpd can have."""
        name, labels = re.fullmatch(r"(\w+)(?:\{(.*)\})?", series).groups()
        given = dict(re.findall(r'(\w+)="([^"]*)"', labels or ""))
        wanted = set(self.metrics.get(name, ("", {}))[1])
        self.expect(name in self.metrics and set(given) - OF_PROMETHEUS == wanted, f"rules_test.yml, {where}: otpd has no {series}")
        for label, value in given.items():
            self.check_value(f"rules_test.yml, {where}", name, self.metrics.get(name, ("", {}))[1], label, "=", value)

    def check_scrape(self):
        prometheus = read_yaml(self.text("deploy/prometheus/prometheus.yml"))
        services = read_yaml(self.text("docker-compose.yml"))["services"]
        job, = prometheus["scrape_configs"]
        self.expect(prometheus["rule_files"] == ["rules.yml"], "prometheus.yml: does not read rules.yml")
        self.expect(f'up{{job="{job["job_name"]}"}}' in self.text("deploy/prometheus/rules.yml"), "prometheus.yml: the job has another name than in rules.yml")
        targets = [target for group in job["static_configs"] for target in group["targets"]]
        instances = [name for name, service in services.items() if service.get("image") == "otpd"]
        port = services[instances[0]]["environment"]["OTPD_ADMIN_LISTEN"].split(":")[1]
        self.expect(targets == [f"{name}:{port}" for name in instances], f"prometheus.yml: scrapes {targets}, and not {instances}")

    # --- Grafana

    def check_board(self):
        board = json.loads(self.text("deploy/grafana/board.json"))
        variables = {variable["name"] for variable in board["templating"]["list"]}
        taken, ids = {}, set()
        for panel in board["panels"]:
            where = f"board.json, {panel['title']}"
            self.expect(panel["id"] not in ids, f"{where}: its id is taken")
            ids.add(panel["id"])
            place = panel["gridPos"]
            self.expect(place["x"] + place["w"] <= 24, f"{where}: is wider than the board")
            for cell in ((x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])):
                self.expect(cell not in taken, f"{where}: lies over {taken.get(cell)}")
                taken[cell] = panel["title"]
            for target in panel.get("targets", []):
                self.check_expression(where, target["expr"])
                self.expect('job="$job"' in target["expr"], f"{where}: shows every job")
                by = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", target["expr"]))))
                shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
                self.expect(shown <= by or not by and shown <= {"instance"}, f"{where}: its legend shows {shown - by}")
            for name in re.findall(r"\$\{?(\w+)", json.dumps(panel)):
                self.expect(name in variables or name.startswith("__"), f"{where}: ${name} is no variable")
        for variable in board["templating"]["list"]:
            for name in re.findall(r"label_values\((\w+)", variable["query"]):
                self.expect(name in self.metrics, f"board.json: {variable['name']} is of {name}, which otpd does not have")
        services = read_yaml(self.text("docker-compose.yml"))["services"]
        source, = read_yaml(self.text("deploy/grafana/provisioning/datasources/prometheus.yml"))["datasources"]
        self.expect(source["url"].split("/")[2].split(":")[0] in services, f"datasources: there is no {source['url']}")
        folder = read_yaml(self.text("deploy/grafana/provisioning/dashboards/otpd.yml"))["providers"][0]["options"]["path"]
        self.expect(any(f":{folder}/" in volume for volume in services["grafana"]["volumes"]), f"dashboards: {folder} is not mounted")

    # --- promtool

    def check_promtool(self):
        if self.faults:
            return  # found without it, in less time
        said = promtool(*(self.text(f"deploy/prometheus/{name}") for name in ("prometheus.yml", "rules.yml", "rules_test.yml")))
        self.expect(not said, f"promtool: {said}")


prove(Monitoring, [
    ("deploy/prometheus/rules.yml", "otpd_store_errors_total[5m]", "otpd_store_error_total[5m]", "otpd has no metric otpd_store_error_total"),
    ("deploy/prometheus/rules.yml", 'outcome=~"unknown|not_sent"', 'outcome=~"unknown|unsent"', "is never unsent"),
    ("deploy/prometheus/rules.yml", 'answer=~"late|closed"', 'reply=~"late|closed"', "has no label reply"),
    ("deploy/prometheus/rules.yml", "sum by (limit)", "sum by (rule)", "no metric has the label rule"),
    ("deploy/prometheus/rules.yml", 'limit="daily_cap"', 'limit="dayly_cap"', "is never dayly_cap"),
    ("deploy/prometheus/rules.yml", "max by (route_id) (otpd_route_breaker_open)", "max by (route_id) (rate(otpd_route_breaker_open[1m]))", "no counter"),
    ("deploy/prometheus/rules.yml", "increase(otpd_store_capacity_refusals_total[15m])", "otpd_store_capacity_refusals_total", "without its rate"),
    ("deploy/prometheus/rules.yml", "alert: OtpdLinesLost", "alert: OtpdLinesGone", "['OtpdLinesGone', 'OtpdLinesLost']"),
    ("deploy/prometheus/rules_test.yml", 'result="given_up"', 'result="lost"', "is never lost"),
    ("deploy/prometheus/prometheus.yml", "otpd-3:9464", "otpd-3:9465", "prometheus.yml: scrapes"),
    ("deploy/prometheus/prometheus.yml", "job_name: otpd", "job_name: codes", "another name than in rules.yml"),
    ("deploy/grafana/board.json", "otpd_live_codes", "otpd_codes_live", "otpd has no metric otpd_codes_live"),
    ("deploy/grafana/board.json", "outcome=\\\"accepted\\\"", "outcome=\\\"sent\\\"", "is never sent"),
    ("deploy/grafana/board.json", "/send-otp|", "/send|", "is never /send"),
    ("deploy/grafana/board.json", '"id": 3', '"id": 2', "its id is taken"),
    ("deploy/grafana/board.json", '"x": 8', '"x": 4', "lies over"),
    ("deploy/grafana/board.json", "{{state}}", "{{status}}", "its legend shows"),
    ("deploy/grafana/provisioning/dashboards/otpd.yml", "/etc/otpd/boards", "/etc/otpd/dashboards", "is not mounted"),
] + [("deploy/prometheus/rules.yml", "for: 2m", "for: 2h", "promtool: ")] * bool(shutil.which("promtool")))
