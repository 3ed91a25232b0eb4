import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines import run_script, shell_on
from relgraph.pipeline.context import Exhausted


@pytest.mark.parametrize(
    ("script", "printed"),
    [
        ("echo one two", "one two\n"),
        ("echo -n one", "one"),
        ("printf '%s-%s\\n' a b", "a-b\n"),
        ("printf '%s\\n' a b", "a\nb\n"),
        ("x=$(echo v1.4.0 | cut -c 2-); echo $x", "1.4.0\n"),
        ("x=v1.4.0; echo ${x#v}", "1.4.0\n"),
        ('x="a b"; printf "[%s]" $x', "[a][b]"),
        ('x="a b"; printf "[%s]" "$x"', "[a b]"),
        ("x=; printf '[%s]' a$x b", "[a][b]"),
        ("echo refs/tags/v1 | sed 's@.*/@@'", "v1\n"),
        ("echo A-B | tr '[:upper:]' '[:lower:]'", "a-b\n"),
        ("echo a.b | tr -d .", "ab\n"),
        ("echo a:b:c | cut -d: -f2-", "b:c\n"),
        ("echo a:b:c | cut -d : -f 1,3", "a:c\n"),
        ("echo a b c | awk '{print $2}'", "b\n"),
        ("echo a:b | awk -F: '{print $NF}'", "b\n"),
        ("printf 'a\\nb\\n' | head -n1", "a\n"),
        ("printf 'a\\nb\\n' | tail -1", "b\n"),
        ("printf 'a\\nb\\n' | grep b", "b\n"),
        ("printf 'a\\nb\\n' | grep -v b", "a\n"),
        ("echo v1.4 | grep -oE '[0-9.]+'", "1.4\n"),
        ("printf 'b\\na\\n' | sort", "a\nb\n"),
        ("echo abc | rev", "cba\n"),
        ("basename /a/b.txt .txt; dirname a/b", "b\na\n"),
        ("for x in a b; do echo $x; done", "a\nb\n"),
        ("X=(a b); for x in ${X[@]}; do echo $x; done; echo ${X[1]}", "a\nb\nb\n"),
        ("X=(a); X+=(b); printf '%s,' \"${X[@]}\"", "a,b,"),
        ("case v1 in v*) echo yes;; *) echo no;; esac", "yes\n"),
        ("case x in v*) echo yes;; esac", ""),
        ("if [ -z '' ]; then echo empty; else echo full; fi", "empty\n"),
        ("if [[ v1 == v* && ! a = b ]]; then echo yes; fi", "yes\n"),
        ("if [[ v1.4 =~ ^v[0-9] ]]; then echo yes; else echo no; fi", "yes\n"),
        ("[ 3 -gt 2 ] && echo more || echo less", "more\n"),
        ("false || echo other", "other\n"),
        ("true && false; echo after", "after\n"),
        ("! false && echo yes", "yes\n"),
        ("f() { echo \"$1-$#\"; }; f a b", "a-2\n"),
        ("f() { return; echo no; }; f; echo yes", "yes\n"),
        ("set -- a b; shift; echo $1", "b\n"),
        ("set -- 'a b' c; for x in \"$@\"; do echo $x; done", "a b\nc\n"),
        ("echo one; exit 0; echo two", "one\n"),
        ("(x=1; echo $x); echo ${x:-unset}", "1\nunset\n"),
        ("{ echo a; echo b; } | tail -n1", "b\n"),
        ("x=$(printf 'a\\n\\n'); echo \"[$x]\"", "[a]\n"),
        ("cat <<EOF\nv$((1 + 2))\nEOF", "v3\n"),
        ("cat <<< word", "word\n"),
        ("x=1 y=2; echo $x$y", "12\n"),
        ("x=a; x+=b; echo $x", "ab\n"),
        ("eval 'echo hi'", "hi\n"),
        ("bash -c 'echo hi'", "hi\n"),
        ("n=X; X=value; echo ${!n}", "value\n"),
        ("echo ${U:-default} ${U:=set} $U", "default set set\n"),
        ("for x in a b c; do [ $x = b ] && break; echo $x; done", "a\n"),
        ("for x in a b; do if [ $x = a ]; then continue; fi; echo $x; done", "b\n"),
        ("echo a | tee out >/dev/null; cat out", "a\n"),
        ("echo a > out; echo b >> out; cat < out", "a\nb\n"),
        ("cd sub/dir; pwd; cd ..; pwd", "/workspace/sub/dir\n/workspace/sub\n"),
        ("pushd a >/dev/null; pwd; pushd ../b; pwd; popd; pwd; popd; pwd", "/workspace/a\n/workspace/b\n/workspace/a\n/workspace\n"),
        ("pushd a; pushd; pwd; pushd; pwd", "/workspace\n/workspace/a\n"),
        ("pushd a; (popd; pwd); pwd; popd; pwd", "/workspace\n/workspace/a\n/workspace\n"),
        ("popd; pwd", "<a folder that popd left>\n"),
        ("if unknown; then pushd a; fi; popd; pwd", "<a folder that popd left>\n"),
        ("echo '${x}'", "${x}\n"),
        ("x=1; { read -r x < /dev/null; } ; echo ${x:+set}", "<${x:+...}>\n"),
        ("echo $'a\\tb'", "a\tb\n"),
        ("X=a Y=b envsubst <<< '$X ${Y}'", "a b\n"),
        ("sudo env A=1 echo hi", "hi\n"),
        ("echo a b | xargs echo got", "got a b\n"),
    ],
)  # fmt: skip
def test_scripts(script: str, printed: str) -> None:
    assert run_script(script) == printed


@pytest.mark.parametrize(
    ("script", "printed"),
    [
        ("x=$(curl https://example.com); echo v$x", "v<output of curl>\n"),
        ("git rev-parse --short HEAD", "<short commit id>\n"),
        ("git rev-parse HEAD | cut -c1-7", "<short commit id>\n"),
        ("git describe --tags --always", "v1.4.0\n"),
        ("git describe --tags HEAD^", "<output of git describe>\n"),
        ("git describe --tags --match 'chart-*'", "<output of git describe>\n"),
        ("git log -1 --format=%H", "<commit id>\n"),
        ("git rev-parse --show-toplevel", "/workspace\n"),
        ("date +%s", "<the date>\n"),
        ("if curl x; then v=1; else v=2; fi; echo $v", "<v depends on a condition>\n"),
        ("if curl x; then v=1; else v=1; fi; echo $v", "1\n"),
        ("v=1; if curl x; then exit 1; fi; echo $v", "1\n"),
        ("v=1; curl x > /dev/null || v=2; echo $v", "<v depends on a condition>\n"),
        ("case $(curl x) in a) v=1;; *) v=2;; esac; echo $v", "<v depends on a condition>\n"),
        ("v=1; while curl x; do v=2; done; echo $v", "<v depends on a condition>\n"),
        ("v=0; curl x > list; while read -r a; do v=$a; done < list; echo $v", "<v depends on a condition>\n"),
        ("echo ${UNSET}x", "x\n"),
        ("source missing.sh; echo $UNSET", "<$UNSET>\n"),
        ("awk 'BEGIN { x }'", "<output of awk>"),
        ("echo a | sed 's/a/\\U&/'", "<output of sed>"),
        ("jq .version package.json", "<output of jq>"),
        ("echo $HOME", "<$HOME>\n"),
    ],
)
def test_what_is_not_known_says_why(script: str, printed: str) -> None:
    assert run_script(script) == printed


def test_scripts_of_the_tree_are_followed() -> None:
    files = {
        "hack/release.sh": '#!/usr/bin/env bash\nroot=$(cd "$(dirname "$0")/.." && pwd)\n. "$root/hack/lib.sh"\necho "$(version $1) $EXPORTED $PRIVATE"\n',
        "hack/lib.sh": "version() { echo ${1#v}; }\n",
    }
    assert run_script("PRIVATE=no; export EXPORTED=yes; ./hack/release.sh v1.4.0", files) == "1.4.0 yes \n"
    assert run_script("bash hack/release.sh v2.0.0", files, EXPORTED="e") == "2.0.0 e \n"


def test_file_names_are_matched_in_the_tree() -> None:
    files = {"charts/api/Chart.yaml": "", "charts/web/Chart.yaml": "", "charts/README.md": ""}
    assert run_script("for c in charts/*; do basename $c; done", files) == "README.md\napi\nweb\n"
    assert run_script("echo charts/*/Chart.yaml", files) == "charts/api/Chart.yaml charts/web/Chart.yaml\n"
    assert run_script("cd charts; echo */Chart.yaml ./*.md none*", files) == "api/Chart.yaml web/Chart.yaml ./README.md none*\n"


def test_files_are_tested_in_the_tree() -> None:
    files = {"VERSION": "1.4.0\n", "charts/web/Chart.yaml": ""}
    assert run_script("[ -f VERSION ] && cat VERSION; [ -d charts/web ] && echo folder", files) == "1.4.0\nfolder\n"
    assert run_script("if [ -f made ]; then v=1; else v=2; fi; echo $v", files) == "<v depends on a condition>\n"


def test_branches_that_write_files_differently_leave_them_unknown() -> None:
    script = "if curl x; then echo 1 > out; else echo 2 > out; fi; cat out"
    assert run_script(script) == "<out depends on a condition>"


def test_copies_and_removals_are_seen() -> None:
    files = {"config/a.yaml": "a\n", "config/b.yaml": "b\n"}
    assert run_script("cp -r config other; cat other/b.yaml; mv other/a.yaml x.yaml; cat x.yaml", files) == "b\na\n"
    assert run_script("rm -rf config; if [ -e config/a.yaml ]; then echo there; fi; cat config/b.yaml", files).startswith("<")


def test_git_restores_what_was_edited() -> None:
    files = {"VERSION": "1\n"}
    assert run_script("echo 2 > VERSION; cat VERSION; git checkout -- VERSION; cat VERSION", files) == "2\n1\n"


def test_endless_work_ends() -> None:
    with pytest.raises(Exhausted):
        run_script("f() { f; f; }; " + "f; " * 50 + "for a in 1 2 3 4 5 6 7 8 9; do " * 6 + "echo x;" + " done;" * 6)


def test_recursion_ends() -> None:
    shell = shell_on({"a.sh": "./a.sh\necho a\n"})
    shell.run("f() { f; }; f; ./a.sh")


@given(st.text("$(){}[]|&;<>'\"`\\ \nabvx=#/*:-!", max_size=40))
def test_no_script_raises(script: str) -> None:
    shell = shell_on({"a": "x\n"})
    try:
        shell.run(script)
    except Exhausted:
        pass
