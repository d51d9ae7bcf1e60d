"""From the registry to the workers of a service: what is live is unpacked, and named in a file."""
