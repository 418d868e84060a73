"""Real servers for tests: started on loopback as processes of their own, ended by their ids."""
