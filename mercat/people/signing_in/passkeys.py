"""Where passkeys work: a browser binds one to the name of a host, and only over HTTPS or on this machine."""

from __future__ import annotations

import ipaddress

from django.http import HttpRequest


def passkeys_work(request: HttpRequest) -> bool:
    host = request.get_host().rpartition(":")[0] or request.get_host()
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return request.is_secure() or host == "localhost"
    return False
