"""Small servers of the same protocol, which `make bench` measures beside Heartline."""
