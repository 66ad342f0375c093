"""The process that listens: settings, HTTP, sockets, and the loop that ties storage and stream together."""
