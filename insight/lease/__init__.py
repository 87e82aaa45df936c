"""The lease of a lake: one run at a time writes to it."""

from insight.lease.holding import Lease, held_lease

__all__ = ["Lease", "held_lease"]
