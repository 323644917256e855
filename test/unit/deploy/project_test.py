"""Checks the files that make otpd a project that others may use: LICENSE, NOTICE, CHANGELOG.md, README.md's index,
and that the OpenAPI document says each thing once.

    project_test.py ROOT OTPD
"""

import hashlib
import json
import os
import re
import sys

from checked_files import Files, prove, run

otpd = sys.argv[2]
APACHE_2 = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"  # Debian's common-licenses/Apache-2.0
CHANGES = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


class Project(Files):
    loaded = sorted(set(re.findall(r"^ +NEEDED +(lib[\w+-]+?)\.so", re.sub(r"-[\d.]+(?=\.so)", "", run("objdump", "-p", otpd)[1]), re.M)))

    def check(self):
        self.check_licenses()
        self.check_changelog()
        self.check_index()
        self.check_words()
        self.check_document()
        return self.faults

    def check_licenses(self):
        self.expect(hashlib.sha256(self.text("LICENSE").encode()).hexdigest() == APACHE_2, "LICENSE: not the text of Apache-2.0")
        notice = self.text("NOTICE")
        self.expect(len(self.loaded) >= 4, "NOTICE: what otpd loads is not known")
        for library in self.loaded:
            self.expect(re.search(rf"\b{re.escape(library)}(?![\w+-])", notice), f"NOTICE: otpd loads {library}")
        package = json.loads(self.text("web/package.json"))
        for name in package["dependencies"]:
            self.expect(name in notice.lower(), f"NOTICE: the pages contain {name}")
        self.expect(package["license"] == "Apache-2.0", "web/package.json: another license")

    def check_changelog(self):
        text = self.text("CHANGELOG.md")
        first, *releases = re.findall(r"^## (.*)$", text, re.M)
        self.expect(first == "[Unreleased]", "CHANGELOG.md: does not begin with what is unreleased")
        versions = []
        for release in releases:
            found = re.fullmatch(r"\[(\d+)\.(\d+)\.(\d+)\] - \d{4}-\d\d-\d\d", release)
            self.expect(found, f"CHANGELOG.md: {release} is no version with its day")
            versions += [tuple(map(int, found.groups()))] if found else []
        self.expect(versions == sorted(set(versions), reverse=True), "CHANGELOG.md: the newest version is not first")
        for kind in re.findall(r"^### (.*)$", text, re.M):
            self.expect(kind in CHANGES, f"CHANGELOG.md: {kind} is no kind of change")
        own = tuple(map(int, re.search(r"project\(otpd VERSION (\d+)\.(\d+)\.(\d+)", self.text("CMakeLists.txt")).groups()))
        self.expect(own >= max(versions, default=own), "CMakeLists.txt: the version is older than the last release")

    def check_index(self):
        """Whatever is written for people can be found from README.md."""
        linked = set(re.findall(r"\]\(([\w./-]+)\)", self.text("README.md")))
        for folder in ("", "docs"):
            for name in sorted(os.listdir(os.path.join(self.root, folder))):
                page = os.path.join(folder, name)
                if name != "README.md" and (name.endswith(".md") or page in ("LICENSE", "NOTICE")):
                    self.expect(page in linked, f"README.md: does not lead to {page}")

    def check_words(self):
        """What the pages on coming over name is there: settings, tables, variables, and codes with their statuses."""
        settings, codes = self.text("docs/configuration.md"), self.text("docs/api.md")
        sections = "|".join(re.findall(r"^\[(\w+)\]$", self.text("config.toml"), re.M))
        for name in sorted(os.listdir(os.path.join(self.root, "docs"))):
            if not name.startswith("from-"):
                continue
            text = self.text(f"docs/{name}")
            there = {f"| `{key}` |" for key in re.findall(rf"`((?:{sections})\.\w+)`", text)}
            there |= {f"### `{table}`" for table in re.findall(r"`(\[\[\w+\]\])`", text)}
            there |= {f"`{variable}`" for variable in re.findall(r"`((?:OTP|API|DEFAULT|BRIDGEXAPI|DEBUG)_[A-Z_]+)`", text)}
            for word in sorted(there):
                self.expect(word in settings, f"docs/{name}: there is no {word}")
            for status, code in re.findall(r"`(\d{3})` `(\w+)`", text):
                self.expect(re.search(rf"^\| [\d, ]*{status}[\d, ]* \|[^|]*`{code}`", codes, re.M), f"docs/{name}: there is no {status} {code}")

    def check_document(self):
        """Of two members with one name most readers keep the last, and say nothing; some refuse the whole."""
        def once(pairs):
            names = [name for name, _ in pairs]
            for name in {name for name in names if names.count(name) > 1}:
                self.expect(False, f"web/openapi.json.in: {name} stands twice in one object")
            return dict(pairs)
        json.loads(self.text("web/openapi.json.in"), object_pairs_hook=once)


prove(Project, [
    ("web/openapi.json.in", '"webhooks": {', '"paths": {', "paths stands twice"),
    ("LICENSE", "2.0", "2.1", "not the text of Apache-2.0"),
    ("NOTICE", "libpq", "libpg", "otpd loads libpq"),
    ("NOTICE", "swagger-ui-dist", "Swagger UI", "contain swagger-ui-dist"),
    ("web/package.json", "Apache-2.0", "MIT", "another license"),
    ("CHANGELOG.md", "## [Unreleased]", "## [1.0] - 2027", "does not begin with what is unreleased"),
    ("CHANGELOG.md", "### Added", "### New", "New is no kind of change"),
    ("CHANGELOG.md", "## [Unreleased]", "## [Unreleased]\n\n## [0.2.0]", "[0.2.0] is no version with its day"),
    ("CHANGELOG.md", "## [Unreleased]", "## [Unreleased]\n\n## [0.0.1] - 2027-01-01\n\n## [0.0.2] - 2027-02-01", "the newest version is not first"),
    ("CHANGELOG.md", "## [Unreleased]", "## [Unreleased]\n\n## [99.0.0] - 2027-01-01", "older than the last release"),
    ("docs/from-otpgateway.md", "`otp.ttl_seconds`", "`otp.ttl`", "there is no | `otp.ttl` |"),
    ("docs/from-otpgateway.md", "`[[template]]`", "`[[text]]`", "there is no ### `[[text]]`"),
    ("docs/from-otpgateway.md", "`404` `no_active_otp`", "`400` `no_active_otp`", "there is no 400 no_active_otp"),
    ("docs/from-the-reference.md", "`OTP_MAX_ATTEMPTS`", "`OTP_ATTEMPTS`", "there is no `OTP_ATTEMPTS`"),
    ("README.md", "docs/capacity.md", "docs/deployment.md", "does not lead to docs/capacity.md"),
])
