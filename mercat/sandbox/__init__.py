"""Stand-in networks over HTTP on loopback: for training, demonstration, tests and benchmarks. Knows no other room."""
