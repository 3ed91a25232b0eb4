"""A real engine, and a program that runs in an image that has nothing else."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

import tools
from docker_engine import reason_against, running

_PROGRAM = """\
package main

import (
	"fmt"
	"os"
	"time"
)

var version = "none"

func main() {
	fmt.Println("web", version)
	for at := 1; at+1 < len(os.Args); at += 2 {
		switch word, value := os.Args[at], os.Args[at+1]; word {
		case "write":
			if problem := os.WriteFile(value, []byte(version), 0o644); problem != nil {
				panic(problem)
			}
		case "read":
			data, problem := os.ReadFile(value)
			fmt.Println(string(data), problem)
		case "say":
			fmt.Println(os.Getenv(value))
		case "sleep":
			time.Sleep(time.Minute)
		case "fail":
			fmt.Println("about to fail:", value)
			os.Exit(3)
		}
	}
}
"""


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an engine: what ``DOCKER_HOST`` says while the tests run."""
    if reason := reason_against():
        pytest.skip(reason)
    with ExitStack() as stack:
        try:
            host = stack.enter_context(running(tmp_path_factory.mktemp("engine")))
        except RuntimeError as problem:  # such as root without the rights of one, in a container
            pytest.skip(str(problem))
        yield host


@pytest.fixture
def client(engine: str) -> Iterator[Any]:
    """Docker's own client of that engine, to look at it from aside."""
    import docker

    client = docker.DockerClient(base_url=engine)
    yield client
    client.close()


@pytest.fixture(scope="session")
def go() -> str:
    """The Go toolchain."""
    found = shutil.which("go")
    if found is None:
        pytest.skip("Go is not installed")
    return found


@pytest.fixture(scope="session")
def program(go: str, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A static program for linux/amd64: it says its version, writes and reads files, waits and fails as it is told."""
    folder = tmp_path_factory.mktemp("program")
    (folder / "main.go").write_text(_PROGRAM)
    variables = {**os.environ, "CGO_ENABLED": "0", "GOOS": "linux", "GOARCH": "amd64", "GOTOOLCHAIN": "local", "GOWORK": "off"}
    variables["GOCACHE"] = tools.GO_CACHE
    subprocess.run(
        [go, "build", "-ldflags=-s -w", "-o", "web", "main.go"], cwd=folder, env=variables, check=True, capture_output=True
    )
    return (folder / "web").read_bytes()
