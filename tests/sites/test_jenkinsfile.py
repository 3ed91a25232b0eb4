"""The images and commands of Jenkinsfiles."""

from hypothesis import given
from hypothesis import strategies as st

from relgraph.sites.jenkinsfile import EXTRACTOR
from relgraph.syntax.text import Text
from sitetext import brief, found, holds

SOURCE = """\
pipeline {
  agent { docker { image 'golang:1.24' } }
  stages {
    stage('lint') { agent { docker 'acme/lint:2.1' } }
    stage('test') {
      // docker.image('acme/old:1.0')
      steps {
        sh 'make test'
        script {
          docker.image("acme/tool:${VERSION}").inside { sh "go install example.com/tool@v1.2.3" }
          containerTemplate(name: 'node', image: 'node:22')
        }
        sh '''
          export WEB_VERSION=1.2.3
          helm pull oci://ghcr.io/acme/web --version 1.2.3
          ./hack/push.sh
        '''
      }
    }
  }
}
"""


def test_a_pipeline() -> None:
    assert brief(found(EXTRACTOR, "ci/Jenkinsfile.release", SOURCE)) == [
        ("image", "docker.io/library/golang", "1.24"),
        ("image", "docker.io/acme/lint", "2.1"),
        ("image", "docker.io/acme/tool", "${VERSION}"),
        ("module", "example.com/tool", "v1.2.3"),
        ("image", "docker.io/library/node", "22"),
        ("variable", "WEB_VERSION", "1.2.3"),
        ("chart", "oci://ghcr.io/acme/web", "1.2.3"),
    ]


def test_which_files_are_read() -> None:
    read = [
        path
        for path in ("Jenkinsfile", "a/b.jenkinsfile", "vars/build.groovy", "Jenkins.md", "src/build.groovy")
        if EXTRACTOR.matches(path)
    ]
    assert read == ["Jenkinsfile", "a/b.jenkinsfile", "vars/build.groovy"]


@given(st.text(alphabet="image docker.sh('\"\\\n:1a/${}", max_size=200))
def test_whatever_the_text_the_spans_hold_it(source: str) -> None:
    text = Text("Jenkinsfile", source.encode())
    for site in EXTRACTOR.extract(text):
        holds(text, site)


def test_strings_that_do_not_end_are_read_in_linear_time() -> None:
    assert found(EXTRACTOR, "Jenkinsfile", "sh '''" + "'\\" * 50_000) == []
    assert found(EXTRACTOR, "Jenkinsfile", "image '" * 20_000) == []
