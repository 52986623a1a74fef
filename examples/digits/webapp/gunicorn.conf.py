"""How gunicorn serves: one process with threads, which answers what it has begun before it ends."""

import os

bind = f"0.0.0.0:{os.environ.get('PORT', '8501')}"
worker_class = "gthread"
workers = 1
threads = 8  # onnxruntime lets go of the interpreter while it computes
graceful_timeout = 8  # seconds after SIGTERM; less than the 10 which most orchestrators grant
timeout = 30
keepalive = 15
# The heartbeat file, and no file beside it: the root file system may be read-only.
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
control_socket_disable = True
