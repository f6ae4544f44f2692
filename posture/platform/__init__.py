"""What Plimsoll runs on: processes, the embedded PostgreSQL and Redis, secrets, health. It knows nothing of the apps."""
