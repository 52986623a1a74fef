"""Load from several machines: Locust's own master and workers, one merged record.

What runs inside Locust (`relay`, `outpost`, `slices`) imports only the standard library, gevent and
Locust; `place` and `work` are the gate's side.
"""
