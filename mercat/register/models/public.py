"""What the body has said in public about its accounts: every edition of the public register."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from mercat.audit.append_only import append_only


@append_only()
class PublicEdition(models.Model):
    """The public register from `at` until the next edition. `content` are the very bytes that are served and signed."""

    number = models.PositiveIntegerField(unique=True)
    at = models.DateTimeField()
    digest = models.CharField(max_length=64)  # SHA-256 of `content`, hex
    content = models.BinaryField()
    signature = models.BinaryField()  # Ed25519 over `content`, 64 bytes
    key = models.CharField(max_length=500)  # the verifier key of the signature: name+id+base64

    PRIVATE: ClassVar[dict[str, str]] = {"digest": "open", "content": "open", "signature": "open", "key": "open"}

    def __str__(self) -> str:
        return f"Edition {self.number}"
