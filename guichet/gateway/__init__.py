"""The face of machines: LMTP listener, mailbox collection, imports, worker, health."""
