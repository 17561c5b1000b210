"""Keeping the core right: reconciliation, nodes that are away, failed commands, new policies, snapshots, invariants.

Door: `reconcile`, `outages`, `failures`, `policies`, `saving`, `invariants`.
Must not: be imported by any other room of the core but the router.
"""
