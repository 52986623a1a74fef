"""The side that runs inside Locust's process: standard library, gevent and Locust only."""
