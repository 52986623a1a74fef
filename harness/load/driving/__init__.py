"""One Locust process, driven through phases, and the exact record of what it sent."""
