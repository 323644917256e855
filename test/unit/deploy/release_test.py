"""Makes a release in a repository of its own and checks what comes out.

    release_test.py ROOT OTPD
"""

import hashlib
import json
import os
import re
import shutil
import sys
import tarfile
import tempfile

from checked_files import run

root, otpd = sys.argv[1:]
if not shutil.which("dpkg"):
    sys.exit(print("not Debian: script/sbom knows no packages"))
FILES = ("CMakeLists.txt", "deploy/kubernetes/kustomization.yaml", "script/release", "script/sbom", "web/package-lock.json")
CHANGELOG = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- Codes.\n\n## [0.0.2] - 2026-01-01\n\n- Old.\n"
faults = []


def expect(truth, fault):
    if not truth:
        faults.append(fault)


def read(name):
    with open(os.path.join(place, name), encoding="utf-8") as file:
        return file.read()


def git(*arguments):
    code, said = run("git", "-c", "user.name=test", "-c", "user.email=test@example.com", *arguments, cwd=place)
    expect(code == 0, f"git {arguments}: {said}")
    return said


def release(*arguments):
    boost = os.path.join(root, ".deps/usr")
    return run(os.path.join(place, "script/release"), *arguments, cwd=place,
               env={"PATH": os.environ["PATH"], "Boost_ROOT": boost if os.path.exists(boost) else os.environ.get("Boost_ROOT", "/usr")})


def refuses(message, *arguments):
    code, said = release(*arguments)
    expect(code == 1 and message in said, f"script/release {arguments} should say {message!r}, and says {said!r}")


def check_bill(document):
    """SPDX 2.3, 7 and 11: the members that it requires, ids that exist, and each library that otpd loads."""
    for name in ("spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo", "packages"):
        expect(document.get(name), f"the bill of materials has no {name}")
    ids = [item["SPDXID"] for item in document["packages"]]
    expect(len(ids) == len(set(ids)) and all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", name) for name in ids), f"ids: {ids}")
    for relation in document["relationships"]:
        expect({relation["spdxElementId"], relation["relatedSpdxElement"]} <= {"SPDXRef-DOCUMENT", *ids}, f"{relation} leads nowhere")
    linked = [relation["relatedSpdxElement"] for relation in document["relationships"] if relation["relationshipType"] == "DYNAMIC_LINK"]
    by_id = {item["SPDXID"]: item for item in document["packages"]}
    for name in linked + ["SPDXRef-boost", "SPDXRef-swagger-ui-dist"]:
        expect(by_id[name]["licenseDeclared"] != "NOASSERTION" and by_id[name]["versionInfo"], f"{name}: license or version is not known")
    loaded = re.findall(r"NEEDED +lib(\w+)", run("objdump", "-p", otpd)[1])
    for library in set(loaded) - {"m", "crypto", "stdc", "gcc_s", "sqlite3", "prometheus"}:  # of packages with other names
        expect(any(name.lower().startswith(f"spdxref-lib{library}") for name in linked), f"the bill of materials lacks lib{library}")


with tempfile.TemporaryDirectory() as place:
    for name in FILES:
        os.makedirs(os.path.dirname(os.path.join(place, name)), exist_ok=True)
        shutil.copy(os.path.join(root, name), os.path.join(place, name))
    for name, text in (("CHANGELOG.md", CHANGELOG), (".gitignore", "/build/\n")):
        with open(os.path.join(place, name), "w", encoding="utf-8") as file:
            file.write(text)
    os.makedirs(os.path.join(place, "build/release"))
    os.symlink(otpd, os.path.join(place, "build/release/otpd"))
    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "begin")
    version = run(otpd, "--version")[1].split()[1]

    refuses("no MAJOR.MINOR.PATCH", "1.0")
    refuses("comes before", "0.0.1")
    refuses("begin with script/release VERSION")
    code, said = release("99.0.0")
    expect(code == 0 and "VERSION 99.0.0 " in read("CMakeLists.txt") and "newTag: 99.0.0\n" in read(FILES[1]), f"99.0.0 is not set: {said}")
    git("checkout", "--quiet", ".")
    code, said = release(version)
    expect(code == 0, f"script/release {version}: {said}")
    expect(re.search(rf"^## \[Unreleased\]\n\n## \[{version}\] - \d{{4}}-\d\d-\d\d\n\n### Added\n", read("CHANGELOG.md"), re.M), "the changelog has no new heading")
    refuses("has " + version + " already", version)
    refuses("not committed")
    git("commit", "--quiet", "--all", "--message", "release")
    refuses("nothing that is unreleased", "99.0.0")
    code, said = release()
    expect(code == 0, f"script/release: {said}")
    out = f"build/{version}"
    expect(read(f"{out}/tag.txt") == f"otpd {version}\n\n### Added\n\n- Codes.\n", f"the tag says {read(f'{out}/tag.txt')!r}")
    with tarfile.open(os.path.join(place, out, f"otpd-{version}.tar.gz")) as archive:
        expect(f"otpd-{version}/CHANGELOG.md" in archive.getnames(), f"the archive has {archive.getnames()}")
    check_bill(json.loads(read(f"{out}/otpd-{version}.spdx.json")))
    for line in read(f"{out}/SHA256SUMS").splitlines():
        digest, name = line.split()
        with open(os.path.join(place, out, name), "rb") as file:
            expect(hashlib.sha256(file.read()).hexdigest() == digest, f"{name}: another checksum")
    git(*re.search(r"^  git (.*)$", said, re.M)[1].split())
    expect("### Added" in git("tag", "--list", "--format=%(contents)"), "the tag lacks lines of its text")

for fault in faults:
    print(fault, file=sys.stderr)
sys.exit(bool(faults))
