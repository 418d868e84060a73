"""What people type to connect an account: the fields that the network's own folder names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mercat.networks.port import ConnectField, Spec


@dataclass(frozen=True, slots=True)
class Field:
    """A field as the page shows it. A secret is never shown again."""

    name: str
    label: str
    hint: str
    secret: bool
    value: str


def fields(spec: Spec, typed: Mapping[str, str]) -> list[Field]:
    return [_field(field, spec, typed) for field in spec.connect_fields]


def values(spec: Spec, typed: Mapping[str, str]) -> dict[str, str]:
    return {field.name: typed.get(field.name, "").strip() for field in spec.connect_fields}


def _field(field: ConnectField, spec: Spec, typed: Mapping[str, str]) -> Field:
    default = spec.default_base_url if field.name == "base_url" else ""
    value = "" if field.secret else typed.get(field.name, default)
    return Field(field.name, field.label, field.hint, field.secret, value)
