"""Installs the build below a folder and checks what is there, then runs the package's maintainer scripts on it.

    install_test.py ROOT OTPD CMAKE BUILD OTPCTL
"""

import os
import re
import shutil
import stat
import sys
import tempfile

from checked_files import run

root, otpd, cmake, build, otpctl = sys.argv[1:]
faults = []


def expect(truth, fault):
    if not truth:
        faults.append(fault)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def install(into, component):
    code, said = run(cmake, "--install", build, "--component", component, env={"PATH": os.environ["PATH"], "DESTDIR": into})
    expect(code == 0, f"cmake --install: {said}")


def faults_of(environment, config, place):
    """What otpd says about the installed settings."""
    settings = dict(line.split("=", 1) for line in environment.splitlines() if line and not line.startswith("#"))
    return run(otpd, "--config", config, "--check-config", env=settings, cwd=place)


def find(tree, name):
    found = [os.path.join(folder, name) for folder, _, names in os.walk(tree) if name in names]
    expect(len(found) == 1, f"{name} is installed {len(found)} times")
    return found[0]


def check_installed(tree):
    install(tree, "service")
    install(tree, "unpackaged")
    unit = read(find(tree, "otpd.service"))
    program, config = re.search(r"^ExecStart=(\S+) --config (\S+)$", unit, re.M).groups()
    environment = re.search(r"^EnvironmentFile=-(\S+)$", unit, re.M)[1]
    reload = re.search(r"^ExecReload=(\S+) reload$", unit, re.M)[1]
    for path, wanted in ((program, 0o755), (reload, 0o755), (config, 0o644), (environment, 0o640)):
        expect(os.path.exists(tree + path), f"otpd.service: {path} is not installed")
        expect(mode(tree + path) == wanted, f"{path}: its mode is {mode(tree + path):o}")
    page, section = re.search(r"^Documentation=man:(\w+)\((\d)\)$", unit, re.M).groups()
    expect(f"/man{section}/" in find(tree, f"{page}.{section}"), "otpd.service: its manual page is elsewhere")
    expect("/man1/" in find(tree, "otpctl.1"), "the manual page of otpctl is elsewhere")
    expect("/zsh/vendor-completions/" in find(tree, "_otpctl"), "the completion for zsh is elsewhere")

    changed = set(read(tree + config).splitlines()) ^ set(read(os.path.join(root, "config.toml")).splitlines())
    expect(changed == {'url = "memory:"', 'url = "sqlite:/var/lib/otpd/otpd.db"', 'socket = ""', 'socket = "/run/otpd/otpd.sock"'}, f"{config}: differs in {changed}")
    code, said = faults_of(read(tree + environment), tree + config, tree)
    expect(code == 2 and "BRIDGEXAPI_API_KEY" in said and "otp.hmac_secret" in said, f"without a key, otpd says: {said}")

    # A second installation keeps what was set.
    for path in (config, environment):
        with open(tree + path, "w", encoding="utf-8") as file:
            file.write("# mine\n")
    install(tree, "service")
    install(tree, "unpackaged")
    expect(read(tree + config) == read(tree + environment) == "# mine\n", "cmake --install overwrites settings")


def packaged(tree):
    """A system with the package unpacked, in `tree`, and programs that only say what they were called with."""
    for folder in ("etc/default", "usr/share/otpd", "etc/otpd/secrets", "var/lib/otpd", "programs"):
        os.makedirs(os.path.join(tree, folder))
    shutil.copy(os.path.join(root, "deploy/environment"), os.path.join(tree, "usr/share/otpd/environment"))
    for name in ("systemd-sysusers", "systemd-tmpfiles", "systemctl", "deb-systemd-invoke", "userdel"):
        path = os.path.join(tree, "programs", name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\necho "{name} $*"\n')
        os.chmod(path, 0o755)


def script(tree, name, *arguments):
    code, said = run(os.path.join(root, "deploy/debian", name), *arguments,
                     env={"PATH": f"{tree}/programs:/usr/bin:/bin", "DPKG_ROOT": tree})
    expect(code == 0, f"{name} {arguments} failed: {said}")
    return said


def check_maintainer_scripts(tree, other):
    made = []
    for place in (tree, other):
        packaged(place)
        said = script(place, "postinst", "configure", "")
        for program in ("systemd-sysusers", "systemd-tmpfiles"):
            expect(re.search(rf"^{program} .*\botpd\.conf$", said, re.M), f"postinst: does not call {program}, only {said}")
        made.append(read(os.path.join(place, "etc/default/otpd")))
    environment = os.path.join(tree, "etc/default/otpd")
    expect(mode(environment) == 0o640, f"postinst: /etc/default/otpd has mode {mode(environment):o}")
    for name in ("API_AUTH_TOKEN", "OTP_HMAC_SECRET"):
        values = [re.search(rf"^{name}=([0-9a-f]{{64}})$", text, re.M) for text in made]
        expect(all(values) and values[0][1] != values[1][1], f"postinst: {name} is not random")
    config = os.path.join(build, "installed/config.toml")
    code, said = faults_of(made[0], config, tree)
    expect(code == 2 and said.count("\n") == 1 and "BRIDGEXAPI_API_KEY" in said, f"the package needs more than a key: {said}")
    code, said = faults_of(made[0].replace("BRIDGEXAPI_API_KEY=", "BRIDGEXAPI_API_KEY=trial"), config, tree)
    expect(code == 0, f"with a key, otpd says: {said}")

    script(tree, "postinst", "configure", "0.0.1")
    expect(read(environment) == made[0], "an upgrade changes the secrets")
    script(tree, "prerm", "remove")
    script(tree, "postrm", "remove")
    expect(read(environment) == made[0], "a removal forgets the settings")
    os.makedirs(os.path.join(tree, "etc/systemd/system/multi-user.target.wants"))
    os.symlink("/usr/lib/systemd/system/otpd.service", os.path.join(tree, "etc/systemd/system/multi-user.target.wants/otpd.service"))
    script(tree, "postrm", "purge")
    left = [os.path.join(folder, name) for part in ("etc", "var") for folder, folders, names in os.walk(os.path.join(tree, part))
            for name in names + folders if "otpd" in name]
    expect(not left, f"a purge leaves {left}")
    expect(read(os.path.join(root, "deploy/debian/conffiles")) == "/etc/otpd/config.toml\n", "conffiles: not the file of the settings")


def check_manual():
    """The manual page has the program's options."""
    page = read(os.path.join(root, "docs/otpd.8")).replace("\\", "")
    there = set(re.findall(r"^\.BI? (--[a-z-]+)|^\.BR (--[a-z-]+)", page, re.M))
    options = set(re.findall(r"^ +(--[a-z-]+)", run(otpd, "--help")[1], re.M))
    expect({a or b for a, b in there} == options, f"otpd.8: has {there}, and the program {options}")


def check_otpctl():
    """The manual page and the completions of otpctl have the program's commands and options."""
    said = run(otpctl, "--help")[1]
    commands = set(re.findall(r"^  ([a-z]+) ", said.split("\nCommands:")[1].split("\nOptions:")[0], re.M))
    options = set(re.findall(r"^ +(--[a-z-]+)", said, re.M))
    expect(len(commands) > 10 and len(options) > 8, f"otpctl --help: {said}")
    page = read(os.path.join(root, "docs/otpctl.1")).replace("\\", "")
    part = page.split(".SH COMMANDS")[1].split(".SH OPTIONS")
    there = set(re.findall(r"^\.TP\n\.BI? ([a-z]+)", part[0], re.M))
    expect(there == commands, f"otpctl.1: has {there}, and the program {commands}")
    there = set(re.findall(r"^\.TP\n\.BI? (--[a-z-]+)", part[1], re.M))
    expect(there == options, f"otpctl.1: has {there}, and the program {options}")
    bash = read(os.path.join(root, "deploy/completion/otpctl.bash"))
    there = set(re.search(r'\bcommands="([^"]*)"', bash)[1].split())
    expect(there == commands, f"otpctl.bash: has {there}, and the program {commands}")
    zsh = read(os.path.join(root, "deploy/completion/_otpctl"))
    there = set(re.findall(r"^ +'([a-z]+):", zsh.split("commands=(")[1].split(")")[0], re.M))
    expect(there == commands, f"_otpctl: has {there}, and the program {commands}")
    for name, text in (("otpctl.bash", bash), ("_otpctl", zsh)):
        there = set(re.findall(r"--[a-z]+(?:-[a-z]+)*", text))
        expect(there == options, f"{name}: has {there}, and the program {options}")
    completed = run("bash", "-c", f'source "{root}/deploy/completion/otpctl.bash"; COMP_WORDS=(otpctl unlock --re); COMP_CWORD=2; '
                    '_otpctl; echo "${COMPREPLY[*]}"')[1]
    expect(completed == "--reason\n", f"otpctl.bash: completes unlock --re with {completed}")


with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second, tempfile.TemporaryDirectory() as third:
    check_installed(first)
    check_maintainer_scripts(second, third)
check_manual()
check_otpctl()
for fault in faults:
    print(fault, file=sys.stderr)
sys.exit(bool(faults))
