"""What script/mutation does: mutation.py BUILD [FILE...]. Needs unit_store_engine and unit_store_state as built in BUILD."""

import glob
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

STATES = [f'src/store/state/{name}.cpp' for name in ('number_state', 'shared_state', 'strictest')]
FILES = sorted(glob.glob('src/store/engine/*.cpp')) + STATES
EQUIVALENT = 'test/mutation/equivalent.txt'
ARCHIVES = ['src/store/libotpd_store_engine.a', 'src/store/libotpd_store_state.a']
TEST_SECONDS = 20  # one that takes longer is one that never ends

SWAPPED = {'<': ['<=', '>='], '<=': ['<', '>'], '>': ['>=', '<='], '>=': ['>', '<'], '==': ['!='], '!=': ['=='],
           '&&': ['||'], '||': ['&&'], '+': ['-'], '-': ['+'], '+=': ['-='], '-=': ['+='], '++': ['--'], '--': ['++'],
           'min': ['max'], 'max': ['min'], 'floor': ['ceil'], 'ceil': ['floor'], 'true': ['false'], 'false': ['true'],
           '!': ['']}
# The code is formatted: a binary operator has a space before it and another, or the line's end, behind.
TURNED = re.compile(r'''(?<=\ )(<=|>=|<|>|==|!=|&&|\|\||\+=|-=|\+|-)(?=\ |$)
                      | (?<!for\ \()(\+\+|--)(?=[\w(*])
                      | (?<=std::)(min|max)(?=[(<])
                      | (?<=std::chrono::)(floor|ceil)
                      | \b(true|false)\b
                      | (!)(?=[\w(])''', re.VERBOSE)
DURATION = re.compile(r'(?<=std::chrono::)(?:hours|minutes|seconds|milliseconds|microseconds)\((.*?\d)\)')
ONE = re.compile(r'(?<=\ [+-]\ )1\b')


def code_of(line):
    """Without texts and comments, as long as the line."""
    if line.lstrip().startswith('#'):
        return ' ' * len(line)
    line = re.sub(r'"(\\.|[^"\\])*"', lambda text: '"' * len(text[0]), line)
    return re.sub(r'//.*', lambda comment: ' ' * len(comment[0]), line)


def turned(line):
    """All that this line is made to."""
    code = code_of(line)
    for found in TURNED.finditer(code):
        if found[0] in ('++', '--') and 'for (' in code:
            continue  # such a loop does not end
        for other in SWAPPED[found[0]]:
            yield line[:found.start()] + other + line[found.end():]
    for found in DURATION.finditer(code):
        for other in ('+', '-'):
            yield f'{line[:found.end(1)]} {other} 1{line[found.end(1):]}'
    for found in ONE.finditer(code):
        yield f'{line[:found.start()]}0{line[found.end():]}'


def read_equivalent():
    """(file, line, what it is made to): why nobody can tell the difference."""
    known, file, before, after = {}, None, None, None
    with open(EQUIVALENT) as lines:
        for line in map(str.rstrip, lines):
            if line.startswith('src/'):
                file = line
            elif line.startswith('  - '):
                before = line[4:]
            elif line.startswith('  + '):
                after = line[4:]
            elif line.startswith('  = '):
                known[file, before, after] = line[4:]
    return known


class Programs:
    """The unit tests, with what they test in a library of its own that is quickly made again."""

    def __init__(self, build, folder):
        self.build, self.folder = build, folder
        self.library = f'{folder}/libmutant.so'
        with open(f'{build}/compile_commands.json') as file:
            self.compile = {os.path.relpath(each['file']): shlex.split(each['command']) for each in json.load(file)}
        for archive in ARCHIVES:
            subprocess.run(['ar', 'x', f'{os.path.abspath(build)}/{archive}'], cwd=folder, check=True)
        self.objects = sorted(glob.glob(f'{folder}/*.o'))
        self.make_library({})
        self.tests = {name: self.link(name) for name in ('unit_store_state', 'unit_store_engine')}
        self.precompile()

    def make_library(self, instead):
        parts = [instead.get(os.path.basename(each), each) for each in self.objects]
        subprocess.run(['c++', '-shared', '-o', self.library, *parts], check=True)

    def link(self, name):
        commands = subprocess.run(['ninja', '-C', self.build, '-t', 'commands', name], capture_output=True, text=True, check=True)
        words = shlex.split(commands.stdout.splitlines()[-1].removeprefix(': && ').removesuffix(' && :'))
        first = words.index(ARCHIVES[1])
        words = [each for each in words if each not in ARCHIVES]
        words.insert(first - (ARCHIVES[0] in commands.stdout.splitlines()[-1]), self.library)
        words[words.index('-o') + 1] = f'{self.folder}/{name}'
        subprocess.run([*words, f'-Wl,-rpath,{self.folder}'], cwd=self.build, check=True)
        return f'{self.folder}/{name}'

    def precompile(self):
        """What the files include, once for all of them."""
        names = set()
        for file in FILES:
            with open(file) as lines:
                names |= {line for line in lines if line.startswith('#include')}
        header = f'{self.folder}/included.hpp'
        with open(header, 'w') as out:
            out.writelines(['#pragma once\n', *sorted(names)])
        subprocess.run([*self.flags(FILES[0]), '-x', 'c++-header', header, '-o', f'{header}.gch'], check=True)

    def flags(self, file):
        given = iter(self.compile[file])
        words = ['c++', '-O0', '-w', '-fPIC']
        for each in given:
            if each == '-isystem':
                words += [each, next(given)]
            elif each.startswith(('-I', '-std=', '-D_GLIBCXX')):
                words.append(each)
        return words

    def compiles(self, file, text):
        name = os.path.basename(file)
        source, made = f'{self.folder}/{name}', f'{self.folder}/mutant.o'
        with open(source, 'w') as out:
            out.write(text)
        words = [*self.flags(file), '-include', f'{self.folder}/included.hpp', '-I', os.path.dirname(file)]
        if subprocess.run([*words, '-c', source, '-o', made], stderr=subprocess.DEVNULL).returncode != 0:
            return False
        self.make_library({f'{name}.o': made})
        return True

    def notice(self, file):
        for name, program in self.tests.items():
            if name == 'unit_store_state' and file not in STATES:
                continue
            try:
                done = subprocess.run([program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=TEST_SECONDS)
            except subprocess.TimeoutExpired:
                return True
            if done.returncode != 0:
                return True
        return False


def main(build, chosen):
    known = read_equivalent()
    met, counts = set(), dict.fromkeys(('noticed', 'equivalent', 'no C++', 'NOT NOTICED'), 0)
    with tempfile.TemporaryDirectory() as folder:
        programs = Programs(build, folder)
        for file in STATES:
            if programs.notice(file):
                sys.exit('mutation: the tests fail as it is')
        for file in chosen:
            with open(file) as source:
                lines = source.read().split('\n')
            for at, line in enumerate(lines):
                for other in turned(line):
                    what = (file, line.strip(), other.strip())
                    met.add(what)
                    if what in known:
                        became = 'equivalent'
                    elif not programs.compiles(file, '\n'.join([*lines[:at], other, *lines[at + 1:]])):
                        became = 'no C++'
                    else:
                        became = 'noticed' if programs.notice(file) else 'NOT NOTICED'
                    counts[became] += 1
                    if became == 'NOT NOTICED':
                        print(f'{file}\n  - {what[1]}\n  + {what[2]}\n  (line {at + 1})', flush=True)
            print(f'{file}: done', file=sys.stderr, flush=True)
    stale = [each for each in known if each[0] in chosen and each not in met]
    for each in stale:
        print(f'{EQUIVALENT}: there is no such line any more\n  {each[0]}\n  - {each[1]}\n  + {each[2]}')
    print(f'{sum(counts.values())} mutations:', ', '.join(f'{count} {name}' for name, count in counts.items()))
    return 1 if stale or counts['NOT NOTICED'] else 0


if __name__ == '__main__':
    wanted = sys.argv[2:] or FILES
    if unknown := [each for each in wanted if each not in FILES]:
        sys.exit(f'mutation: there are {" ".join(FILES)}; not {" ".join(unknown)}')
    sys.exit(main(sys.argv[1], wanted))
