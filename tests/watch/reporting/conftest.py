from tests.watch.lookalikes.conftest import account, auditor, comms, network

__all__ = ["account", "auditor", "comms", "network"]
