"""Reports: the same findings as text, JSON, SARIF, JUnit, GitHub annotations, GitLab code quality and Markdown."""
