"""Does the work of script/mutation: mutation.py BUILD [FILE...]. Needs unit_store_engine and unit_store_state built in BUILD.

Most mutations of a file are compiled into one copy of it, and $MUTATION selects one at run time. The others are compiled one by one."""

import glob
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

STATES = [f'src/store/state/{name}.cpp' for name in ('number_state', 'override_list', 'shared_state', 'strictest')]
FILES = sorted(glob.glob('src/store/engine/*.cpp')) + STATES
EQUIVALENT = 'test/mutation/equivalent.txt'
ARCHIVES = ['src/store/libotpd_store_engine.a', 'src/store/libotpd_store_state.a']
COMPILER = 'clang++-19'  # twice as fast at this as GCC
TEST_SECONDS = 20  # one that takes longer is one that never ends

SWAPPED = {'<': ['<=', '>='], '<=': ['<', '>'], '>': ['>=', '<='], '>=': ['>', '<'], '==': ['!='], '!=': ['=='],
           '&&': ['||'], '||': ['&&'], '+': ['-'], '-': ['+'], '+=': ['-='], '-=': ['+='], '++': ['--'], '--': ['++'],
           'min': ['max'], 'max': ['min'], 'floor': ['ceil'], 'ceil': ['floor'], 'true': ['false'], 'false': ['true'],
           '!': ['!!']}
# The code is formatted: a binary operator has a space before it and another, or the line's end, behind.
TURNED = re.compile(r'''(?<=\ )(<=|>=|<|>|==|!=|&&|\|\||\+=|-=|\+|-)(?=\ |$)
                      | (\+\+|--)(?=[\w(*])
                      | (?<=std::)(min|max)(?=[(<])
                      | (?<=std::chrono::)(floor|ceil)
                      | \b(true|false)\b
                      | (!)(?=[\w(])''', re.VERBOSE)
DURATION = re.compile(r'(?<=std::chrono::)(?:hours|minutes|seconds|milliseconds|microseconds)\((.*?\d)\)')
ONE = re.compile(r'(?<=\ [+-]\ )1\b')

BLOCK = re.compile(r'(\)|\b(const|noexcept|else|override|(namespace|struct|class)\b[^;{}()]*)|[;{}])\s*$')  # after this a { begins statements
HEAD = re.compile(r'\b(if|while|for|switch) $')  # after this a ( holds statements
PREFIX = re.compile(r'(return |else |.*?[^=!<>+*/-]= )', re.DOTALL)  # of a statement, before its expression


def code_of(line):
    """The line with its string literals and comments blanked."""
    if line.lstrip().startswith('#'):
        return ' ' * len(line)
    line = re.sub(r'"(\\.|[^"\\])*"', lambda text: '"' * len(text[0]), line)
    return re.sub(r'//.*', lambda comment: ' ' * len(comment[0]), line)


def turned(line):
    """The mutations of a line: what replaces what."""
    code = code_of(line)
    for found in TURNED.finditer(code):
        if found[0] in ('++', '--') and 'for (' in code:
            continue  # such a loop does not end
        for other in SWAPPED[found[0]]:
            yield found.start(), found.end(), other
    for found in DURATION.finditer(code):
        for other in ' + 1', ' - 1':
            yield found.end(1), found.end(1), other
    for found in ONE.finditer(code):
        yield found.start(), found.end(), '0'


class Mutation:
    def __init__(self, file, number, line, line_start, first, last, other):
        self.file, self.number = file, number
        self.first, self.last, self.other = line_start + first, line_start + last, other
        self.what = (file, line.strip(), (line[:first] + other + line[last:]).strip())

    def of(self, text, begin=0, end=None):
        return text[begin:self.first] + self.other + text[self.last:end]


def mutations_of(file, text):
    start = 0
    for number, line in enumerate(text.split('\n'), 1):
        for first, last, other in turned(line):
            yield Mutation(file, number, line, start, first, last, other)
        start += len(line) + 1


def expression_around(code, place):
    """The whole expression of the statement at that position."""
    depth, begin = 0, place
    while begin > 0:
        last = code[begin - 1]
        if last in ')]}' and (depth > 0 or last != '}'):
            depth += 1
        elif depth == 0 and last in ';}':
            break
        elif last in '([{':
            before = code[max(0, begin - 100):begin - 1]
            if depth == 0 and (BLOCK if last == '{' else HEAD).search(before) and last != '[':
                break
            depth = max(0, depth - 1)
        begin -= 1
    end, depth = begin, 0
    while end < place or depth > 0 or code[end] not in ';)]}':
        depth += (code[end] in '([{') - (code[end] in ')]}')
        end += 1
    begin += len(code[begin:end]) - len(code[begin:end].lstrip())
    found = PREFIX.match(code, begin, place)
    if found and found[0].count('(') == found[0].count(')'):
        begin = found.end()
    return begin, end


def on_one_line(code):
    """So that each line of a copy keeps its number, by which the compiler's errors are found."""
    return re.sub(r'\s*(//[^\n]*)?\n\s*', ' ', code)


def switched(text, mutations):
    """A text with all mutations that one text can contain, and the list of these."""
    code = '\n'.join(map(code_of, text.split('\n')))
    places = {}
    for number, each in mutations.items():
        places.setdefault(expression_around(code, each.first), {})[number] = each
    parts, at, done = [], 0, {}
    for (begin, end), inside in sorted(places.items()):
        if begin < at:
            continue
        choices = [f'mutation_is({number}) ? ({on_one_line(each.of(text, begin, end))}) : ' for number, each in inside.items()]
        parts += [text[at:begin], '(', *choices, f'({text[begin:end]}))']
        at = end
        done.update(inside)
    return ''.join(parts) + text[at:], done


def read_equivalent():
    """Maps (file, line, mutated line) to the reason why the mutation makes no difference."""
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
    """The unit tests, with the code under test in a library that is quick to rebuild."""

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
        words[words.index(ARCHIVES[1])] = self.library
        words = [each for each in words if each not in ARCHIVES]
        words[words.index('-o') + 1] = f'{self.folder}/{name}'
        subprocess.run([*words, f'-Wl,-rpath,{self.folder}'], cwd=self.build, check=True)
        return f'{self.folder}/{name}'

    def precompile(self):
        """Precompiles the headers that the files include."""
        names = {'#include <cstdlib>\n'}
        for file in FILES:
            with open(file) as lines:
                names |= {line for line in lines if line.startswith('#include')}
        header = f'{self.folder}/included.hpp'
        with open(header, 'w') as out:
            out.writelines(['#pragma once\n', *sorted(names),
                            'inline bool mutation_is(int which) {\n'
                            '    static char const* const chosen = std::getenv("MUTATION");\n'
                            '    static int const number = chosen == nullptr ? -1 : std::atoi(chosen);\n'
                            '    return which == number;\n}\n'])
        subprocess.run([*self.flags(FILES[0]), '-fpch-instantiate-templates', '-x', 'c++-header', header, '-o', f'{header}.pch'],
                       check=True)

    def flags(self, file):
        given = iter(self.compile[file])
        words = [COMPILER, '-O0', '-w', '-fPIC', '-ferror-limit=0']
        for each in given:
            if each == '-isystem':
                words += [each, next(given)]
            elif each.startswith(('-I', '-std=', '-D_GLIBCXX')):
                words.append(each)
        return words

    def make(self, file, text):
        """Builds the library with this text instead of the file; returns the lines that do not compile."""
        name = os.path.basename(file)
        source, made = f'{self.folder}/{name}', f'{self.folder}/mutant.object'
        with open(source, 'w') as out:
            out.write(text)
        words = [*self.flags(file), '-include-pch', f'{self.folder}/included.hpp.pch', '-I', os.path.dirname(file)]
        done = subprocess.run([*words, '-c', source, '-o', made], stderr=subprocess.PIPE, text=True)
        if done.returncode == 0:
            self.make_library({f'{name}.o': made})
            return set()
        return {int(line) for line in re.findall(rf'^{re.escape(source)}:(\d+):', done.stderr, re.MULTILINE)} or {0}

    def notice(self, file, number=-1):
        for name, program in self.tests.items():
            if name == 'unit_store_state' and file not in STATES:
                continue
            try:
                done = subprocess.run([program], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=TEST_SECONDS,
                                      env={**os.environ, 'MUTATION': str(number)})
            except subprocess.TimeoutExpired:
                return True
            if done.returncode != 0:
                return True
        return False


def results_of(programs, file, text, wanted):
    """The result of each mutation, by its number."""
    together, found = dict(wanted), {}
    while together:
        source, together = switched(text, together)
        bad = programs.make(file, source)
        if not bad:
            break
        good = {number: each for number, each in together.items()
                if not any(each.number - 2 <= line <= each.number + 6 for line in bad)}
        together = good if len(good) < len(together) else {}
    for number in together:
        found[number] = 'noticed' if programs.notice(file, number) else 'NOT NOTICED'
    for number, each in wanted.items():
        if number not in together:
            if programs.make(file, each.of(text)):
                found[number] = 'no C++'
            else:
                found[number] = 'noticed' if programs.notice(file) else 'NOT NOTICED'
    return found


def main(build, chosen):
    known = read_equivalent()
    met, counts = set(), dict.fromkeys(('noticed', 'equivalent', 'no C++', 'NOT NOTICED'), 0)
    with tempfile.TemporaryDirectory() as folder:
        programs = Programs(build, folder)
        if programs.notice(chosen[-1]):
            sys.exit('mutation: the tests fail as it is')
        for file in chosen:
            with open(file) as source:
                text = source.read()
            all_of_it = list(mutations_of(file, text))
            met |= {each.what for each in all_of_it}
            wanted = {number: each for number, each in enumerate(all_of_it) if each.what not in known}
            counts['equivalent'] += len(all_of_it) - len(wanted)
            for number, became in results_of(programs, file, text, wanted).items():
                counts[became] += 1
                if became == 'NOT NOTICED':
                    _, before, after = wanted[number].what
                    print(f'{file}\n  - {before}\n  + {after}\n  (line {wanted[number].number})', flush=True)
            programs.make_library({})
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
