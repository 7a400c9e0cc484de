"""Networks that make pictures small and large again; each file is one of them or a part they share."""
