"""What a release pipeline written by others would publish, evaluated without running it."""
