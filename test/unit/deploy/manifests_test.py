"""Checks deploy/kubernetes against the schemas of the Kubernetes API, which npm has as types: no unknown field, none of a wrong
type, none missing. Exits with 77 (skipped) without npm or its registry, also if that is too slow.

    manifests_test.py ROOT BUILD
"""

import json
import os
import shutil
import subprocess
import sys

import yaml

root, build = sys.argv[1:]
FOLDER = os.path.join(root, "deploy/kubernetes")
PINNED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "npm")
# A file, a change of it, and the field that is then wrong.
WRONG = [
    ("deployment.yaml", "periodSeconds: 10", "periodSecond: 10", "periodSecond"),
    ("deployment.yaml", "replicas: 3", 'replicas: "3"', "string"),
    ("deployment.yaml", "maxSkew: 1", "maxScew: 1", "maxScew"),
    ("deployment.yaml", "  selector:\n    matchLabels", "  selectors:\n    matchLabels", "selectors"),
    ("deployment.yaml", "topologyKey: kubernetes.io/hostname", "", "topologyKey"),
    ("service.yaml", "targetPort: api", "targetports: api", "targetports"),
    ("disruption.yaml", "minAvailable: 2", "minAvailable: [2]", "number[]"),
    ("network.yaml", "cidr: ::/0", "", "cidr"),
]


def install(place):
    """Without npm, or a registry that answers in time, there is nothing to check against: that is no fault of the manifests."""
    try:
        return subprocess.run(["npm", "ci", "--loglevel=error"], cwd=place, timeout=180).returncode == 0
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False


def packages():
    """The folder with the pinned packages; installs them once per lock file."""
    place = os.path.join(build, "manifests")
    os.makedirs(place, exist_ok=True)
    installed = os.path.join(place, "installed")  # the lock file of a complete installation
    with open(os.path.join(PINNED, "package-lock.json"), encoding="utf-8") as file:
        wanted = file.read()
    if not os.path.exists(installed) or open(installed, encoding="utf-8").read() != wanted or not os.path.isdir(f"{place}/node_modules"):
        for name in ("package.json", "package-lock.json", ".npmrc"):
            shutil.copy(os.path.join(PINNED, name), place)
        if not install(place):
            print("skipped: npm does not get the types of the Kubernetes API")
            sys.exit(77)
        with open(installed, "w", encoding="utf-8") as file:
            file.write(wanted)
    return place


def typed(text):
    """A TypeScript file that says that each object of a manifest is what its kind says."""
    lines = []
    for number, item in enumerate(yaml.safe_load_all(text)):
        group, _, version = item["apiVersion"].rpartition("/")
        kind = f'import("kubernetes-types/{group.split(".")[0] or "core"}/{version}").{item["kind"]}'
        lines.append(f"export const object{number}: {kind} = {json.dumps(item)};")
    return "\n".join(lines) + "\n"


place = packages()
files = {}
for name in sorted(os.listdir(FOLDER)):
    if name.endswith(".yaml") and name != "kustomization.yaml":
        with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
            files[name] = file.read()
faults = []
sources = {f"{name}.ts": typed(text) for name, text in files.items()}
for number, (name, right, changed, _) in enumerate(WRONG):
    if right not in files[name]:
        faults.append(f"{name} does not have {right!r} any more")
    sources[f"wrong-{number}.ts"] = typed(files[name].replace(right, changed))
for name, text in sources.items():
    with open(os.path.join(place, name), "w", encoding="utf-8") as file:
        file.write(text)
said = subprocess.run(["node_modules/.bin/tsc", "--noEmit", "--strict", "--skipLibCheck", *sources], cwd=place,
                      capture_output=True, text=True).stdout
for line in said.splitlines():
    if not line.startswith((" ", "wrong-")):
        faults.append(line)
for number, (name, _, changed, field) in enumerate(WRONG):
    if not any(part.startswith(f"wrong-{number}.ts") and field in part for part in said.replace("\n ", " ").splitlines()):
        faults.append(f"{name} with {changed!r} should have been refused, not: {said}")
for fault in faults:
    print(fault, file=sys.stderr)
sys.exit(bool(faults))
