"""The ledger over HTTP: verdicts for controllers, reports for people. Needs the extra `server`."""
