"""Keeping the core right: reconciliation, lost nodes, failed commands, policies, snapshots, invariants.

Door: `reconcile`, `outages`, `failures`, `policies`, `saving`, `invariants`.
Must not: be imported by any other room of the core but the router.
"""
