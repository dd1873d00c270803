"""Redis behind Sentinels, as a cluster, with TLS, with ACLs."""
