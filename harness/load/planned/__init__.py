"""What is sent, and when: drawn before the run begins."""
