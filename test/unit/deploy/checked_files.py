"""What the checks of files share. Each script gets ROOT as its first argument, has a subclass of Files with its rules, and ends
with prove()."""

import os
import subprocess
import sys


def run(*command, env=None, cwd=None):
    done = subprocess.run(command, env=env or {"PATH": os.environ["PATH"]}, cwd=cwd, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


class Files:
    """The files below ROOT, some of them with replaced text, and the faults that check() finds."""

    root = sys.argv[1]

    def __init__(self, changed=()):
        self.changed = dict(changed)
        self.faults = []

    def text(self, name):
        if name in self.changed:
            return self.changed[name]
        with open(os.path.join(self.root, name), encoding="utf-8") as file:
            return file.read()

    def exists(self, name):
        return os.path.exists(os.path.join(self.root, name))

    def expect(self, truth, fault):
        if not truth:
            self.faults.append(fault)


def prove(files, wrong):
    """Expects no fault in the files as they are, and for each of `wrong`, (file, right, wrong, message), that a file with one
    change gets the message. Ends the process."""
    failed = files().check()
    for name, right, changed, message in wrong:
        before = files().text(name)
        if right not in before:
            failed.append(f"{name} does not have {right!r} any more")
            continue
        found = files({name: before.replace(right, changed)}).check()
        if not any(message in fault for fault in found):
            failed.append(f"{name} with {changed!r} should have been refused with {message!r}, not {found}")
    for fault in failed:
        print(fault, file=sys.stderr)
    print(f"{len(wrong)} faults would have been found")
    sys.exit(1 if failed else 0)
