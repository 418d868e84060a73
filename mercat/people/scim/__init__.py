"""SCIM 2.0 (RFC 7643, 7644): the body's directory keeps the list of people."""
