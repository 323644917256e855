"""Checks that everything that the files of a deployment name exists: docker-compose.yml, Dockerfile, deploy/ and the scripts of
stores are compared with the programs, the settings and the sources. These checks need no Docker.

    deploy_test.py ROOT OTPD BRIDGEXAPI_STUB OTPCTL

If HAProxy and systemd are installed, they check their own files too. At the end the script shows that each rule finds its faults.
"""

import functools
import os
import re
import shlex
import shutil
import sys
import tempfile
import tomllib

import yaml

from checked_files import Files, prove, run

root, otpd, stub, otpctl = sys.argv[1:]
DISTRIBUTION_STAGE = "${DEBIAN}"
# The keys of a service in the Compose specification, as far as they are used here.
SERVICE_KEYS = {
    "build", "cap_drop", "command", "depends_on", "entrypoint", "environment", "healthcheck", "image", "mem_limit", "network_mode",
    "networks", "ports", "profiles", "read_only", "restart", "security_opt", "stop_grace_period", "tmpfs", "ulimits", "volumes",
}
TOP_KEYS = {"services", "networks", "volumes"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
EXAMPLE = "0123456789abcdef0123456789abcdef"  # for any secret


# Shows what each rule finds in files with one change; most results about the other files are
# cached.

@functools.cache
def config_check(variables):
    with tempfile.TemporaryDirectory() as nowhere:
        return run(otpd, "--check-config", env=dict(variables), cwd=nowhere)


@functools.cache
def haproxy_check(program, text, variables):
    with tempfile.TemporaryDirectory() as directory:
        config = os.path.join(directory, "haproxy.cfg")
        with open(config, "w", encoding="utf-8") as file:
            file.write(text)
        return run(program, "-dW", "-c", "-f", config, env=dict(variables))


@functools.cache
def systemd_check(text):
    """The lines of systemd-analyze about the unit itself."""
    with tempfile.TemporaryDirectory() as directory:
        unit = os.path.join(directory, "otpd.service")
        with open(unit, "w", encoding="utf-8") as file:
            file.write(text)
        _, said = run("systemd-analyze", "verify", "--man=no", unit)
    return [line for line in said.splitlines() if unit in line]


def options_of(program):
    return set(re.findall(r"^ +(--[a-z-]+)", run(program, "--help")[1], re.M))


class Deployment(Files):
    options = {"otpd": options_of(otpd), "bridgexapi-stub": options_of(stub), "otpctl": options_of(otpctl)}

    def check(self):
        self.stages = self.read_dockerfile()
        self.compose = yaml.safe_load(self.text("docker-compose.yml"))
        for part in (self.check_dockerfile, self.check_compose, self.check_haproxy, self.check_unit, self.check_rights, self.check_setup):
            part()
        return self.faults

    # --- settings and options

    def check_otpd_environment(self, where, environment):
        """Checks names and values as otpd sees them; a variable with a default has it."""
        variables = {name: re.sub(r"\$\{(?:\w+:-([^}]*)|[^}]*)\}", lambda found: found[1] or EXAMPLE, str(value))
                     for name, value in environment.items()}
        code, said = config_check(tuple(sorted(variables.items())))
        self.expect(code == 0, f"{where}: {said.strip()}")

    def check_options(self, where, program, arguments):
        for argument in arguments:
            if argument.startswith("-"):
                option = argument.split("=")[0]
                self.expect(option in self.options[program], f"{where}: {program} has no option {option}")

    def check_path_of_api(self, where, path):
        self.expect(f'"{path}"' in self.text("src/api/routes.cpp"), f"{where}: otpd has no {path}")

    # --- Dockerfile

    def read_dockerfile(self):
        """The stages in order: name -> base image, and its instructions as (word, rest)."""
        stages = {}
        lines = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", self.text("Dockerfile"), flags=re.M))
        for line in filter(None, map(str.strip, lines.splitlines())):
            word, rest = line.split(maxsplit=1)
            if word == "FROM":
                source, _, name = rest.split()
                self.expect(source in stages or source == DISTRIBUTION_STAGE, f"Dockerfile: {name} is from {source}, which is not there")
                stages[name] = (source, [])
            elif stages:
                stages[next(reversed(stages))][1].append((word, rest))
        return stages

    def instructions(self, stage, word):
        """The instructions of the stage and of the stages it is based on, the last first."""
        found = []
        while stage in self.stages:
            source, all_of_it = self.stages[stage]
            found += [rest for each, rest in reversed(all_of_it) if each == word]
            stage = source
        return found

    def check_dockerfile(self):
        known = {"FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "STOPSIGNAL", "ARG"}
        ignored = [line.strip("/") for line in self.text(".dockerignore").split()]
        for name, (_, instructions) in self.stages.items():
            for word, rest in instructions:
                self.expect(word in known, f"Dockerfile: {word} is no instruction")
                if word == "COPY":
                    *sources, _ = rest.split()
                    if sources[0].startswith("--from="):
                        built = sources.pop(0).removeprefix("--from=")
                        self.expect(built in self.stages, f"Dockerfile: copies from {built}, which is no stage")
                        for source in sources:
                            self.expect(os.path.basename(source) in self.options, f"Dockerfile: {source} is not what {built} builds")
                    else:
                        for source in sources:
                            self.expect(self.exists(source), f"Dockerfile: copies {source}, which is not there")
                            self.expect(source.split("/")[0] not in ignored, f"Dockerfile: .dockerignore keeps {source} out")
                for script in re.findall(r"\bscript/[a-z-]+", rest):
                    self.expect(self.exists(script), f"Dockerfile: {script} is not there")
            if name != "build":
                self.expect(self.instructions(name, "USER"), f"Dockerfile: {name} runs as root")
        for name in ("otpd", "stub"):
            program, *arguments = yaml.safe_load(self.instructions(name, "ENTRYPOINT")[0])
            self.check_options(f"Dockerfile, {name}", program, arguments)
        self.check_libraries(" ".join(self.instructions("otpd", "RUN")).split())
        check = self.instructions("otpd", "HEALTHCHECK")[0]
        self.check_path_of_api("Dockerfile, HEALTHCHECK", re.search(r"http://[^/]+(/[a-z]+)", check)[1])
        self.expect("config.toml" in " ".join(self.instructions("otpd", "COPY")), "Dockerfile: otpd has no config.toml")

    def check_libraries(self, installed):
        """Checks that the image has the libraries that otpd loads. A library's package begins with the library's name;
        packages depend on what their libraries load. Some libraries need no package here: every image has them, a named
        package has them (OpenSSL's), or only tests load them."""
        of_the_distribution = {"libc", "libm", "libstdc++", "libgcc_s", "libcrypto", "libasan", "libubsan", "libtsan"}
        loaded = set(re.findall(r"^ +NEEDED +(lib[\w+.-]+?)\.so", run("objdump", "-p", otpd)[1], re.M))
        self.expect(len(loaded) >= 4, "Dockerfile: what otpd loads is not known")
        for library in loaded - of_the_distribution:
            self.expect(any(package.startswith(library) for package in installed), f"Dockerfile: otpd loads {library}, which its image lacks")

    def image_environment(self, stage):
        return dict(pair.split("=", 1) for line in self.instructions(stage, "ENV") for pair in shlex.split(line))

    # --- docker-compose.yml

    def check_compose(self):
        compose = self.compose
        for key in compose:
            self.expect(key in TOP_KEYS or key.startswith("x-"), f"docker-compose.yml: {key} is unknown")
        for name, service in compose["services"].items():
            where = f"docker-compose.yml, {name}"
            for key in service:
                self.expect(key in SERVICE_KEYS, f"{where}: {key} is unknown")
            build = service.get("build", {"context": ".", "target": None})
            stage = build["target"]
            self.expect(build["context"] == "." and (stage in self.stages or not stage), f"{where}: {stage} is no stage of the Dockerfile")
            self.expect(stage or re.fullmatch(r"[a-z/]+:\d+\.\d+\.\d+", service["image"]), f"{where}: its image has no fixed version")
            self.check_confinement(where, service)
            self.check_references(where, service)
            environment = service.get("environment", {})
            if stage == "otpd":
                self.check_otpd_environment(where, self.image_environment(stage) | environment)
            elif stage == "stub" and "entrypoint" not in service:
                self.check_options(where, "bridgexapi-stub", service["command"])
            elif stage in ("store", "postgres"):
                script = {"store": "script/store-acl", "postgres": "script/store-postgres"}[stage]
                wanted = set(re.findall(r"\$\{([A-Z_]+PASSWORD):\?", self.text(script)))
                self.expect(set(environment) == wanted, f"{where}: {script} wants {sorted(wanted)}")
            elif stage == "prometheus":
                configured = re.search(r"--config\.file=/etc/otpd/(\S+?)\"", self.instructions(stage, "ENTRYPOINT")[0])[1]
                self.expect(f"deploy/prometheus/{configured} " in self.instructions(stage, "COPY")[0], f"{where}: there is no {configured}")
            elif stage == "balancer":
                self.check_haproxy_accepts(where, self.image_environment(stage) | environment)
        script = compose["services"]["certificate"]["entrypoint"][0]
        self.expect(f"script/{script} " in " ".join(self.instructions("stub", "COPY")), f"docker-compose.yml: the stub's image has no {script}")

    def check_confinement(self, where, service):
        self.expect(service.get("read_only") is True, f"{where}: its root can be written to")
        self.expect(service.get("cap_drop") == ["ALL"], f"{where}: has capabilities")
        self.expect("no-new-privileges:true" in service.get("security_opt", []), f"{where}: may gain privileges")
        for port in service.get("ports", []):
            self.expect(port.startswith("127.0.0.1:"), f"{where}: {port} is open to everybody")
        for name, value in service.get("environment", {}).items():
            if re.search("SECRET|TOKEN|PASSWORD", name):
                self.expect(re.fullmatch(r"\$\{[A-Z_]+:\?[^}]+\}", str(value)), f"{where}: {name} is written out, or may be missing")

    def check_references(self, where, service):
        compose = self.compose
        for other, how in service.get("depends_on", {}).items():
            if other not in compose["services"]:
                self.expect(False, f"{where}: depends on {other}, which is not there")
                continue
            self.expect(how["condition"] in CONDITIONS, f"{where}: {how['condition']} is no condition")
            target = compose["services"][other]
            healthy = "healthcheck" in target or self.instructions(target["build"]["target"], "HEALTHCHECK")
            self.expect(how["condition"] != "service_healthy" or healthy, f"{where}: {other} has no health check")
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            self.expect(source in compose["volumes"] or (source.startswith("./") and self.exists(source)), f"{where}: {source} is no volume")
        for network in service.get("networks", []):
            self.expect(network in compose["networks"], f"{where}: {network} is no network")
        for host in re.findall(r"(?://|@)([a-z-]+[0-9-]*):[0-9]+", " ".join(map(str, service.get("environment", {}).values()))):
            self.expect(host in compose["services"], f"{where}: there is no {host}")

    # --- HAProxy

    def check_haproxy(self):
        text = self.text("deploy/haproxy.cfg")
        settings = tomllib.loads(self.text("config.toml"))
        server = settings["server"]
        seconds = {name: float(value) for name, value in re.findall(r"^ +timeout ([a-z-]+) +(\d+)s$", text, re.M)}
        self.expect(seconds["server"] * 1000 > server["request_timeout_ms"] + 2000, "haproxy.cfg: gives up on requests before otpd does")
        self.expect(seconds["http-request"] * 1000 >= server["header_timeout_ms"] + server["body_timeout_ms"],
                    "haproxy.cfg: gives clients less time than otpd")
        everybody, clients = (int(number) for number in re.findall(r"^ +maxconn (\d+)$", text, re.M))
        self.expect(everybody < server["connections_max"], "haproxy.cfg: more connections than otpd takes")
        self.expect(clients < everybody, "haproxy.cfg: clients can keep statistics and checks out")
        # HAProxy purges half of the unneeded connections each time, while its estimate of needed
        # ones also halves.
        purges = 2 * (int(re.search(r"pool-max-conn (\d+)", text)[1]).bit_length() + 1)
        self.expect(purges * int(re.search(r"pool-purge-delay (\d+)s", text)[1]) * 1000 < server["idle_timeout_ms"],
                    "haproxy.cfg: keeps idle connections longer than otpd")
        self.expect("send-proxy" not in re.sub(r"#.*", "", text), "haproxy.cfg: connections are one client's and not shared")
        for where in ("script/cluster", "docker-compose.yml"):
            self.expect("OTPD_SERVER_TRUSTED_PROXIES" in self.text(where), f"{where}: instances do not know the balancer")
        self.expect(re.search(r"^ +retry-on conn-failure$", text, re.M), "haproxy.cfg: may repeat what was sent")
        self.check_path_of_api("haproxy.cfg", re.search(r"http-check send meth GET uri (\S+)", text)[1])
        read = set(re.findall(r'"\$\{(\w+)\}"|defined\((\w+)\)', text))
        cluster = self.text("script/cluster")
        for name in sorted(a or b for a, b in read):
            self.expect(name in cluster, f"haproxy.cfg: script/cluster does not know {name}")
        self.check_haproxy_accepts("haproxy.cfg", {"OTPD_LISTEN": "127.0.0.1:1", "OTPD_STATS": "127.0.0.1:2", "OTPD_1": "127.0.0.1:3"})

    def check_haproxy_accepts(self, where, environment):
        text = self.text("deploy/haproxy.cfg")
        for name in environment:
            self.expect(re.search(rf"\b{name}\b", text), f"{where}: haproxy.cfg does not read {name}")
        program = shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin")
        if not program:
            return
        # Service names are known only among the services.
        variables = {name: re.sub(r"^otpd-\d:", "127.0.0.1:", str(value)) for name, value in environment.items()}
        code, said = haproxy_check(program, text, tuple(sorted(variables.items())))
        self.expect(code == 0, f"{where}: {said.strip()}")

    # --- systemd

    def check_unit(self):
        text = self.text("deploy/otpd.service")
        for line in re.findall(r"^ExecStart=(.*)$", text, re.M):
            program, *arguments = line.split()
            self.expect(program == "/usr/bin/otpd", f"otpd.service: starts {program}")
            self.check_options("otpd.service", "otpd", arguments)
        # systemd.service(5): the exit status that prevents restarts is the main process's.
        self.expect("\nExecStartPre=" not in text, "otpd.service: bad settings are tried again, as they end ExecStartPre")
        self.expect("\nRestartPreventExitStatus=2\n" in text, "otpd.service: bad settings are tried again")
        self.check_reload(re.search(r"^ExecReload=(.*)$", text, re.M)[1])
        self.expect(re.search(r"^User=otpd$", text, re.M) and re.search(r"^u otpd ", self.text("deploy/sysusers.conf"), re.M),
                    "otpd.service: its user is not made")
        self.check_environment(text)
        self.check_credentials(self.text("deploy/credentials.conf"))
        drain = tomllib.loads(self.text("config.toml"))["server"]["drain_timeout_ms"]
        self.expect(int(re.search(r"^TimeoutStopSec=(\d+)$", text, re.M)[1]) * 1000 > drain + 3000 + 5000, "otpd.service: kills before the drain is over")
        if shutil.which("systemd-analyze"):
            about_it = systemd_check(text.replace("/usr/bin/otpd", otpd).replace("/usr/bin/otpctl", otpctl))
            self.expect(not about_it, f"otpd.service: {about_it}")

    def check_environment(self, text):
        """Secrets are in the file that deploy/environment becomes. With its gaps filled otpd starts, also with what is commented out."""
        self.expect(re.findall(r"^EnvironmentFile=(\S+)$", text, re.M) == ["-/etc/default/otpd"], "otpd.service: reads no secrets")
        self.expect(not re.search(r"^(Environment|LoadCredential)=", text, re.M), "otpd.service: settings are in two places")
        lines = re.sub(r"^#(?=[A-Z])", "", self.text("deploy/environment"), flags=re.M).splitlines()
        settings = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
        self.check_otpd_environment("deploy/environment", {name: value or EXAMPLE for name, value in settings.items()})

    def check_credentials(self, text):
        """Each secret is a credential, and otpd starts with them as systemd passes them, including those that are commented out."""
        text = re.sub(r"^#(LoadCredential|Environment)=", r"\1=", text, flags=re.M)
        self.expect(re.findall(r"^EnvironmentFile=(.*)$", text, re.M) == [""], "credentials.conf: secrets are in the environment")
        loaded = dict(re.findall(r"^LoadCredential=(\w+):(\S+)$", text, re.M))
        for name, file in loaded.items():
            self.expect(file == f"/etc/otpd/secrets/{name}" and name in text.split("[Service]")[0],
                        f"credentials.conf: does not say what {file} is")
        self.expect("/etc/otpd/secrets " in self.text("deploy/tmpfiles.conf"), "tmpfiles.conf: does not make the folder of the secrets")
        with tempfile.TemporaryDirectory() as credentials:
            for name in loaded:
                with open(os.path.join(credentials, name), "w", encoding="utf-8") as file:
                    file.write(EXAMPLE + "\n")
            named = re.findall(r"^Environment=(\w+)=(\S+)$", text, re.M)
            self.expect({value for _, value in named} == {f"%d/{name}" for name in loaded}, "credentials.conf: credentials and settings differ")
            self.check_otpd_environment("credentials.conf", {"OTPD_STORE_URL": "redis://otpd@127.0.0.1:6379"} |
                                        {name: value.replace("%d", credentials) for name, value in named})

    def check_reload(self, line):
        """The reload is a command of otpctl, which finds the socket: all name the same path, in a directory of the unit's own."""
        program, *arguments = shlex.split(line)
        said = run(otpctl, "--help")[1]
        self.expect(program == "/usr/bin/otpctl" and len(arguments) == 1 and re.search(rf"^  {arguments[0]} ", said, re.M),
                    f"otpd.service: {line} is no command of otpctl")
        unit = self.text("deploy/otpd.service")
        directory = re.search(r"^RuntimeDirectory=(\S+)$", unit, re.M)
        socket = re.search(r'"/run/([^"\\]+)/otpd\.sock', self.text("cmake/install.cmake").replace('\\"', '"'))
        self.expect(directory and socket and directory[1] == socket[1] and f"/run/{socket[1]}/otpd.sock)" in " ".join(said.split()),
                    "otpd.service: otpctl looks for the socket elsewhere")
        self.expect("\nRuntimeDirectoryMode=0700\n" in unit, "otpd.service: others see the socket")

    # --- Valkey and Redis

    def check_rights(self):
        """The rights are exactly those that the script uses."""
        granted = set(re.search(r"^readonly scripts=\(([^)]*)\)", self.text("script/store-acl"), re.M)[1].split())
        used = set()
        for name in sorted(os.listdir(os.path.join(root, "src/store/backend/redis"))):
            if name.endswith(".lua"):
                used |= {word.lower() for word in re.findall(r"\bp?call\('(\w+)'", self.text(f"src/store/backend/redis/{name}"))}
        self.expect(len(used) >= 4, "src/store/backend/redis: no script found")
        for word in sorted(used - granted):
            self.expect(False, f"script/store-acl: a script uses {word}, which otpd may not")
        for word in sorted(granted - used):
            self.expect(False, f"script/store-acl: otpd may {word}, which no script uses")
        self.expect("\nmaxmemory-policy noeviction\n" in self.text("deploy/valkey.conf"), "valkey.conf: may evict what otpd keeps")
        self.expect("\nappendonly yes\n" in self.text("deploy/valkey.conf"), "valkey.conf: forgets everything with its process")

    # --- what a test of this needs

    def check_setup(self):
        for package in ("haproxy", "postgresql", "prometheus", "python3-yaml", "valkey-tools", "redis-tools"):
            self.expect(package in self.text("script/setup"), f"script/setup: does not install {package}")


# A change of a file, and the expected message.
WRONG = [
    ("docker-compose.yml", "OTPD_STORE_URL:", "OTPD_STORE_ULR:", 'unknown name "OTPD_STORE_ULR"'),
    ("docker-compose.yml", "    OTPD_MONEY_DAILY_CAP:", "    OTPD_MONEY_BALANCE_LOW:", "money.daily_cap or an enforced [[budget]]"),
    ("docker-compose.yml", 'ACCEPT_CLEAR_TEXT: "true"', 'ACCEPT_CLEAR_TEXT: "false"', "goes over the network in clear"),
    ("docker-compose.yml", "redis://otpd@store", "redis://otpd@stroe", "there is no stroe"),
    ("docker-compose.yml", "--show-sms", "--show-messages", "no option --show-messages"),
    ("docker-compose.yml", "target: balancer", "target: haproxy", "haproxy is no stage"),
    ("docker-compose.yml", "read_only: true", "read_only: false", "its root can be written to"),
    ("docker-compose.yml", "${VALKEY_OTPD_PASSWORD:?a password for otpd}", "secret", "is written out"),
    ("docker-compose.yml", "stub: { condition: service_healthy }", "upstream: { condition: service_healthy }", "depends on upstream"),
    ("docker-compose.yml", "OTPD_3: otpd-3:8000", "OTPD_THREE: otpd-3:8000", "does not read OTPD_THREE"),
    ("docker-compose.yml", "127.0.0.1:8000:8080", "8000:8080", "open to everybody"),
    ("docker-compose.yml", "grafana:11.6.0", "grafana:latest", "no fixed version"),
    ("docker-compose.yml", "./deploy/grafana/board.json", "./deploy/grafana/otpd.json", "is no volume"),
    ("docker-compose.yml", '    OTPD_ADMIN_ACCEPT_NETWORK: "true"\n', "", "admin.accept_network"),
    ("docker-compose.yml", "mem_limit: 2g", "memory_limit: 2g", "memory_limit is unknown"),
    ("Dockerfile", "COPY deploy/valkey.conf", "COPY deploy/redis.conf", "copies deploy/redis.conf"),
    ("Dockerfile", " libsqlite3-0", "", "otpd loads libsqlite3"),
    ("Dockerfile", " libphonenumber8", "", "otpd loads libphonenumber"),
    ("Dockerfile", " libpq5", "", "otpd loads libpq"),
    ("docker-compose.yml", "POSTGRES_OPERATOR_PASSWORD:", "POSTGRES_PASSWORD:", "script/store-postgres wants"),
    ("Dockerfile", "USER otpd-store\n", "", "store runs as root"),
    ("Dockerfile", '"--config"', '"--configuration"', "no option --configuration"),
    ("Dockerfile", "8000/livez", "8000/alive", "no /alive"),
    ("Dockerfile", "OTPD_SERVER_LISTEN=0.0.0.0:8000", "OTPD_LISTEN_ON=0.0.0.0:8000", 'unknown name "OTPD_LISTEN_ON"'),
    ("deploy/haproxy.cfg", "retry-on conn-failure", "retry-on all-retryable-errors", "may repeat what was sent"),
    ("deploy/haproxy.cfg", "timeout server 35s", "timeout server 30s", "gives up on requests before otpd"),
    ("deploy/haproxy.cfg", "    maxconn 7500", "    maxconn 8000", "clients can keep statistics"),
    ("deploy/haproxy.cfg", "pool-purge-delay 1s", "pool-purge-delay 60s", "keeps idle connections longer than otpd"),
    ("deploy/haproxy.cfg", "pool-low-conn 16", "pool-low-conn 16 send-proxy-v2", "not shared"),
    ("script/cluster", "OTPD_SERVER_TRUSTED_PROXIES", "OTPD_TRUSTED", "do not know the balancer"),
    ("deploy/haproxy.cfg", "uri /readyz", "uri /ready", "no /ready"),
    ("deploy/haproxy.cfg", "option allbackups", "option allbackup", "allbackup"),
    ("deploy/otpd.service", "otpd --config", "otpd --configuration", "no option --configuration"),
    ("deploy/otpd.service", "ExecStart=", "ExecStartPre=/usr/bin/otpd --check-config\nExecStart=", "bad settings are tried again"),
    ("deploy/otpd.service", "RestartPreventExitStatus=2", "RestartPreventExitStatus=1", "bad settings are tried again"),
    ("deploy/otpd.service", "otpctl reload", "otpctl load", "is no command of otpctl"),
    ("deploy/otpd.service", "RuntimeDirectory=otpd", "RuntimeDirectory=otp", "looks for the socket elsewhere"),
    ("deploy/otpd.service", "RuntimeDirectoryMode=0700", "RuntimeDirectoryMode=0755", "others see the socket"),
    ("deploy/otpd.service", "TimeoutStopSec=40", "TimeoutStopSec=20", "before the drain is over"),
    ("deploy/otpd.service", "EnvironmentFile=-/etc/default/otpd", "EnvironmentFile=-/etc/default/otp", "reads no secrets"),
    ("deploy/otpd.service", "User=otpd", "User=otp", "its user is not made"),
    ("deploy/environment", "OTP_HMAC_SECRET", "OTPD_HMAC_SECRET", 'unknown name "OTPD_HMAC_SECRET"'),
    ("deploy/environment", "#OTPD_MONEY_DAILY_CAP=50\n", "", "money.daily_cap"),
    ("deploy/credentials.conf", "OTP_HMAC_SECRET_FILE", "OTPD_HMAC_SECRET_FILE", 'unknown name "OTPD_HMAC_SECRET_FILE"'),
    ("deploy/credentials.conf", "LoadCredential=auth_token:", "LoadCredential=token:", "credentials and settings differ"),
    ("deploy/credentials.conf", "EnvironmentFile=\n", "", "secrets are in the environment"),
    ("deploy/tmpfiles.conf", "/etc/otpd/secrets", "/etc/otpd/keys", "does not make the folder of the secrets"),
    ("script/store-acl", "(del mget set", "(del set", "a script uses mget"),
    ("script/store-acl", "(del mget set", "(del flushall mget set", "otpd may flushall"),
    ("deploy/valkey.conf", "noeviction\n", "allkeys-lru\n", "may evict"),
]

if not shutil.which("haproxy", path=os.environ["PATH"] + ":/usr/sbin"):
    WRONG = [change for change in WRONG if change[-1] != "allbackup"]
prove(Deployment, WRONG)
